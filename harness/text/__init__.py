"""Characters: letters, spans and tags over them, and text made harmless for each place where it is shown."""
