"""The subcommands, one module per subject. A module imports the code of a subcommand only when it is called."""
