"""Types and readers of the files that one stage writes and another stage reads."""
