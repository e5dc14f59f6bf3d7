"""Gold labels and answers side by side, in the form that metrics count: rows, sets of labels, spans."""
