"""Scores: what a prediction is worth, without torch and without text."""

from harness.evaluation.metrics import primary

__all__ = ["primary"]
