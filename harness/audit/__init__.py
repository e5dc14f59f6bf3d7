"""The audit: from every reported number back to bytes, and to the number again."""
