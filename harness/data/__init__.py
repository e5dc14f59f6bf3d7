"""Data: raw files to checked records, their sources, splits and corpora."""
