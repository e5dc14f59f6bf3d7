"""Encoders, their heads, tokenizers and checkpoints. Importing the package imports none of its modules."""
