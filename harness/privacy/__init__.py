"""Restricted data: which they are, who may read them, and what of them may be said."""
