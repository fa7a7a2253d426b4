"""Helpers of the tests: servers, the program as a user runs it, a clock, builders of results, certificates."""
