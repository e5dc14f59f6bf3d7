"""Make the report of the benchmark, with tables, figures and an HTML page, from the scores and the cards (descriptions)
of data and checkpoints."""
