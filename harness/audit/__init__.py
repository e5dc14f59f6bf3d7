"""The audit checks every reported number: it traces the number back to its files and computes the number again."""
