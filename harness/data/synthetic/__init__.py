"""Data that can be given away: five tasks and two corpora about people and a hospital that do not exist.

`write.generate` writes them in the formats of the published originals. Each part draws from its own random numbers, so
a change to one part leaves the bytes of the others as they were.
"""
