"""The options of a run as data: fields with their rules, by scope."""
