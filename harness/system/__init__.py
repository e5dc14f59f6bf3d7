"""Functions of the operating system: files, processes, memory, signals and connections."""
