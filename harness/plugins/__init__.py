"""Find, check and create tasks: the files in `tasks/`, tasks from installed packages, and the command `harness
new-task`."""
