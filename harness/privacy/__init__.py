"""The protection of restricted data: access rights, pseudonyms, identifying details and small counts."""
