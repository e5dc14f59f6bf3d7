"""The subcommands by subject; each module declares its own and imports what it runs when it is asked for."""
