"""The program: command, run, exit status."""
