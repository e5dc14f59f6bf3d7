"""Gold labels with predictions, in the forms that metrics count: rows, label sets, spans."""
