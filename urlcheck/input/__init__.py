"""Arguments, files, pipes and iterables become targets, or results that are settled at once."""
