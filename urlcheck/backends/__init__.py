"""More than one process: event loops of their own, each with one session, fed by host, merged into one stream."""
