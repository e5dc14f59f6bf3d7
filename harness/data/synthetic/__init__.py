"""Generate synthetic data: five tasks and two corpora about invented people and an invented hospital.

`write.generate` writes the data in the formats of the published originals. Each task and corpus has its own random
generator, so a change to one task does not change the bytes of the others.
"""
