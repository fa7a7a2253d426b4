"""The formats that need no terminal, one file each."""
