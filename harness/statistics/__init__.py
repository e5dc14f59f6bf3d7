"""Compute scores, differences between arms with their uncertainty, and verdicts, from stored predictions, without
torch."""
