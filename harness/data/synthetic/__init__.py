"""Synthetic data: five tasks and two corpora about invented people and an invented hospital.

`write.generate` writes them in the formats of the published originals. Each task and corpus has its own random
generator, so a change to one does not change the bytes of the others.
"""
