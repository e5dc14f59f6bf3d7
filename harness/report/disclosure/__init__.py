"""What a report shows of restricted data."""
