"""Pre-training: from corpora and a parent to a checkpoint."""
