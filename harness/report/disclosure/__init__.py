"""Remove from the report what must not be shown of restricted data (statistical disclosure control)."""
