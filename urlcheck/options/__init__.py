"""The vocabulary of the command: groups, parameter types, options."""
