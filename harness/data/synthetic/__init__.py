"""Synthetic data: five tasks and two corpora about invented people and an invented hospital.

`write.generate` writes them in the formats of the published originals. Each part draws from its own random numbers, so
a change to one part leaves the bytes of the others as they were.
"""
