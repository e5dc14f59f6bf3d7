"""The audit checks every reported number: it follows it back to the files it came from and computes it again."""
