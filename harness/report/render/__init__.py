"""The report as Markdown, HTML, LaTeX, CSV and pictures."""
