"""Tasks: the registry, installed packages, the template of a new task, and the check of its data."""
