"""Gold and answers side by side, as every metric looks at them: rows, spans, and what a group of them contributes."""
