"""The data of the benchmark: read raw files into checked records, split the records into parts, and build the
pre-training corpora."""
