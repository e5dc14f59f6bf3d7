"""Pre-training: from corpora and a parent checkpoint to a new checkpoint."""
