"""From the answers of a system to scores, differences with their uncertainty, and verdicts. No torch, no text."""
