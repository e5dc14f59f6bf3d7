"""The data model of the report: scores, comparisons and the parts of a document as typed values."""
