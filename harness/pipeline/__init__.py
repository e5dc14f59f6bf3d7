"""What DVC runs: the declared stages, the code each depends on, and the hashes of files."""
