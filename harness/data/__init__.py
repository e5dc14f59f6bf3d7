"""Read raw files into checked records, split them, and build the pre-training corpora."""
