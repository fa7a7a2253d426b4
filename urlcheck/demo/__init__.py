"""A small site to check, on loopback only, and a tour of it."""
