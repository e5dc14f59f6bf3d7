"""Encoders, their heads, tokenizers and checkpoints. This package imports none of its modules by itself."""
