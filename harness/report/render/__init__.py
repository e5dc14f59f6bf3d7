"""Render the report as Markdown, HTML, LaTeX, CSV files and pictures."""
