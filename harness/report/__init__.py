"""Make the report from scores and cards: tables, figures and an HTML page."""
