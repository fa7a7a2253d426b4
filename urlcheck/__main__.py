"""The program: the command, its errors in one line each, and its exit status."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType

import click

from urlcheck.asides import end_at_once
from urlcheck.cli import UNUSABLE, command
from urlcheck.errors import ClosedPipeError, UrlcheckError
from urlcheck.streams import forget_output, prepare_streams, say
from urlcheck.text import clean
from urlcheck.threads import ENDING

INTERRUPTED, CLOSED_PIPE = 130, 141


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, or the process's own; the exit status."""
    prepare_streams()
    try:
        with _quiet_signals():
            status: int = command.main(arguments, prog_name="urlcheck", standalone_mode=False)
    except click.ClickException as error:
        say(_describe(error))
        return UNUSABLE
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except OSError as error:
        # no event loop for want of descriptors, no place on the disk for the help: whatever was opened knows its own words
        say(f"urlcheck: {clean(error.strerror or str(error))}")
        return UNUSABLE
    except ClosedPipeError:
        forget_output()
        return CLOSED_PIPE
    except UrlcheckError as error:
        say(f"urlcheck: {clean(str(error))}")
        return UNUSABLE
    return status


@contextlib.contextmanager
def _quiet_signals() -> Iterator[None]:
    """Where there is no run yet that could be stopped, or none any more, its signals end the program without a word."""
    ours = dict.fromkeys(ENDING, signal.SIG_DFL) | {signal.SIGINT: signal.default_int_handler}
    if threading.current_thread() is not threading.main_thread():
        ours = {}
    before = {number: action for number, action in ours.items() if signal.getsignal(number) == action}
    for number in before:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def _end(number: int, _: FrameType | None) -> None:
    end_at_once(128 + number)


def _describe(error: click.ClickException) -> str:
    """As Click does, but without the secrets that may be in it."""
    context = getattr(error, "ctx", None)
    usage = f"{context.get_usage()}\nTry 'urlcheck --help' for help.\n\n" if context else ""
    return f"{usage}Error: {clean(error.format_message())}"


def main() -> None:
    """The console script."""
    sys.exit(run())


if __name__ == "__main__":
    main()
