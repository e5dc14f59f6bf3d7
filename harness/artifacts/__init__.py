"""What one stage writes and another reads."""
