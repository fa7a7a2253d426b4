"""Recognises exceptions that come from a shortage of this machine, and words them so that a user can act on them."""

from __future__ import annotations

import errno

_FILES = "too many open files; a higher limit helps (ulimit -n)"
_MEMORY = "too little memory"
_THREADS = "no thread or process can be started; a higher limit of processes or of memory helps (ulimit -u, ulimit -v)"

_BY_NUMBER = {
    errno.EMFILE: _FILES,
    errno.ENFILE: "too many open files on this system",
    errno.ENOMEM: _MEMORY,
    errno.EAGAIN: _THREADS,
}
# how the dynamic linker and Python word it, where there is no number
_BY_WORDS = (
    ("can't start new thread", _THREADS),
    ("Too many open files", _FILES),
    ("failed to map segment", _MEMORY),
    ("annot allocate memory", _MEMORY),
    ("cannot create shared object descriptor", _MEMORY),
)


def name_shortage(error: BaseException | None) -> str | None:
    """The shortage that the exception, or one that led to it, reports; None where there is none."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if reason := _name(error):
            return reason
        error = error.__cause__ or error.__context__
    return None


def _name(error: BaseException) -> str | None:
    if isinstance(error, MemoryError):
        return _MEMORY
    if isinstance(error, OSError) and error.errno in _BY_NUMBER:
        return _BY_NUMBER[error.errno]
    if isinstance(error, OSError | ImportError | RuntimeError):
        text = str(error)
        return next((reason for words, reason in _BY_WORDS if words in text), None)
    return None
