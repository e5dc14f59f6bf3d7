"""Reproducibility-first benchmark harness for Norwegian clinical encoders."""

__version__ = "0.1.0"
