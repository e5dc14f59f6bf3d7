"""Encoders, their heads, tokenizers and checkpoints. Nothing is imported until it is asked for."""
