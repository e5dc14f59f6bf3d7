"""What the report shows, as typed values: scores, comparisons and the parts of a document."""
