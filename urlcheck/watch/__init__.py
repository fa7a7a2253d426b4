"""Repeated checks: states, their changes, notifications and a status server."""
