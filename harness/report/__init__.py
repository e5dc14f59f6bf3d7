"""The report: from scores and cards to tables, figures and a page."""
