"""Define the subcommands of the program `harness`, one module per subject.

A module imports the code behind a subcommand only when the user calls that subcommand, so that `harness` starts fast.
"""
