"""Settings that are said once: a file, then the environment, then the command line, each over the one before."""
