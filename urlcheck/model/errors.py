"""What a user can cause: each ends a run with one clear line, its message."""


class UrlcheckError(Exception):
    """Base of the errors below."""


class SettingsError(UrlcheckError, ValueError):
    """A setting that cannot be used."""


class InputError(UrlcheckError):
    """An input that cannot be read."""


class OutputError(UrlcheckError):
    """An output that cannot be written."""


class ClosedPipeError(Exception):
    """The reader of standard output went away, as `head` does; nothing is wrong. Click would take an `OSError` for its own."""
