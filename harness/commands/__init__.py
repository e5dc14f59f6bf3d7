"""The subcommands, one module per subject. A module imports a subcommand's code only when that subcommand is called."""
