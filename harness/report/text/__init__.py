"""Write the text of the report. Each module writes one section or a few sections."""
