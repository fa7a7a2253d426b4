"""Everything that is drawn with Rich."""
