"""Names and a guard that the command and its configuration share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from urlcheck.model.errors import ClosedPipeError

# the keys of a context's `meta`: the arguments, and the secrets of a configuration
ARGUMENTS, SECRETS = "urlcheck.arguments", "urlcheck.secrets"
# the `obj` of a context in which nothing is executed or printed
READ_ONLY = "read only"


@contextmanager
def quiet_pipe() -> Iterator[None]:
    """Within it, a reader that goes away is a `ClosedPipeError`."""
    try:
        yield
    except BrokenPipeError:
        raise ClosedPipeError from None
