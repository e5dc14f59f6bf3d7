"""The DVC pipeline: its declared stages, the code of each stage, and the hashes of files."""
