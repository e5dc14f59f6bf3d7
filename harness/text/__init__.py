"""Functions on characters: letters, spans, tags, and the escaping of text for display."""
