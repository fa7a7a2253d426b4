"""Showing text from outside safely: escaping, masking, units."""
