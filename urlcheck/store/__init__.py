"""Results that outlive a run, in one SQLite file: resuming, reuse of what passed, and comparison with the last run."""
