"""For the author of a task: a declaration and sample to begin with, a check of everything, data put in place."""
