"""Wrap what the operating system offers: files, disks, processes, memory, signals and network connections."""
