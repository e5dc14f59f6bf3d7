"""Pre-training: from corpora and a parent checkpoint (except for the baseline) to a new checkpoint."""
