"""Training: batches, masking, the loop, and the pool that runs many of them at once."""
