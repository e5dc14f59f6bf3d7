"""Compute scores, differences with their uncertainty, and verdicts from predictions. No torch, no text."""
