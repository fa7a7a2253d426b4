"""A user's conditions: an environment that is empty but for what every login has, signals, and a low limit of open files."""

from __future__ import annotations

import os
import signal
import sys

# what a login sets, the place of Python's library where the system does not know it, and what Windows' own libraries need
_KEPT = {"PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"}
_KEPT_ON_WINDOWS = {"APPDATA", "COMSPEC", "LOCALAPPDATA", "PATHEXT", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP", "USERPROFILE"}
_KEPT_OF_TOOLS = ("PYTEST_", "COVERAGE_", "HYPOTHESIS_")
_SET = {"TERM": "xterm", "LANG": "C.UTF-8"} | ({"PYTHONUTF8": "1"} if sys.platform == "win32" else {})
DESCRIPTORS = 1024  # the soft limit of most systems


def scrub() -> None:
    """Remove what a developer's machine or a CI service adds to the environment; it has hidden errors that users saw."""
    kept = _KEPT | _KEPT_ON_WINDOWS if sys.platform == "win32" else _KEPT
    for name in list(os.environ):
        if name.upper() not in kept and not name.startswith(_KEPT_OF_TOOLS):
            del os.environ[name]
    os.environ.update(_SET)


def heed_signals() -> None:
    """Let programs that tests start end by Ctrl-C and by the end of a session, also where the suite runs in the background."""
    for name in ("SIGINT", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)


def limit_descriptors() -> None:
    """Lower the soft limit of open files to the default of most systems; the hard limit stays."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - Windows has none

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY or soft > DESCRIPTORS:
            resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))
