"""The error of a rule."""

from __future__ import annotations


class RuleError(ValueError):
    """A value that a rule refuses. Its message is the reason, for a user; it is empty where the words of the rule say enough.

    No other error's message is shown: Python or a caller's object wrote it, and it may quote a secret.
    """
