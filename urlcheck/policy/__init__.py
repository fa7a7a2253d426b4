"""Facts become a verdict, without I/O."""
