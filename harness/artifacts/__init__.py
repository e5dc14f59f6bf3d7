"""Types and readers of the files that one stage of the pipeline writes and another stage reads."""
