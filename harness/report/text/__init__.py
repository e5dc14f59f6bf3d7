"""The text of the report, section by section."""
