"""Read the DVC pipeline, and write the lists of hashes of code and tasks that its stages depend on."""
