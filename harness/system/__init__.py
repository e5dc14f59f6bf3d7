"""What the harness needs of the machine: files, processes, memory, signals and connections."""
