"""Measure whether further pre-training on clinical text makes Norwegian encoders better, so that others can repeat
it."""

__version__ = "0.1.0"
