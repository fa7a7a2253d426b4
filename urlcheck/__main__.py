"""The program: the command, its errors in one line each, and its exit status."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence

import click

from urlcheck.cli import UNUSABLE, command
from urlcheck.errors import ClosedPipeError, UrlcheckError
from urlcheck.text import clean

INTERRUPTED, CLOSED_PIPE = 130, 141


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, or the process's own; the exit status."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # whatever the encoding, nothing is lost over a character
    try:
        with _quiet_ctrl_c():
            status: int = command.main(arguments, prog_name="urlcheck", standalone_mode=False)
    except click.ClickException as error:
        _show(error)
        return UNUSABLE
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except OSError as error:
        # no event loop for want of descriptors, no place on the disk for the help: whatever was opened knows its own words
        with contextlib.suppress(OSError):
            click.echo(f"urlcheck: {clean(error.strerror or str(error))}", err=True)
        return UNUSABLE
    except ClosedPipeError:
        # what is still buffered has no reader: let the interpreter's own last flush go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except UrlcheckError as error:
        click.echo(f"urlcheck: {clean(str(error))}", err=True)
        return UNUSABLE
    return status


@contextlib.contextmanager
def _quiet_ctrl_c() -> Iterator[None]:
    """Where there is no run yet that could be stopped, Ctrl-C ends the program without a word."""
    is_ours = threading.current_thread() is threading.main_thread()
    if not is_ours or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _open_closed_streams() -> None:
    """Where a shell closed one (`2>&-`), its descriptor must not become a socket's."""
    with contextlib.suppress(OSError):
        while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
            pass
        os.close(descriptor)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - for as long as the program runs


def _show(error: click.ClickException) -> None:
    """As Click does, but without the secrets that may be in it."""
    context = getattr(error, "ctx", None)
    if context is not None:
        click.echo(f"{context.get_usage()}\nTry 'urlcheck --help' for help.\n", err=True)
    click.echo(f"Error: {clean(error.format_message())}", err=True)


def main() -> None:
    """The console script."""
    sys.exit(run())


if __name__ == "__main__":
    main()
