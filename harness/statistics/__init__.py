"""Compute scores, differences with their uncertainty, and verdicts from stored predictions, without torch."""
