"""Facilities of the operating system: threads, streams, signals, event loop, atomic files, descriptors."""
