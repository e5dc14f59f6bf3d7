"""The audit traces every reported number back to its files and computes the number again."""
