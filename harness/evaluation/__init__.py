"""Scores: what a prediction is worth, without torch and without text."""
