"""The program: the command, its errors in one line each, and its exit status."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from urlcheck.cli import UNUSABLE, command
from urlcheck.errors import UrlcheckError

INTERRUPTED, CLOSED_PIPE = 130, 141


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, or the process's own; the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # whatever the encoding, nothing is lost over a character
    try:
        status: int = command.main(arguments, prog_name="urlcheck", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return UNUSABLE
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        # what is still buffered has no reader: let the interpreter's own last flush go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE
    except UrlcheckError as error:
        click.echo(f"urlcheck: {error}", err=True)
        return UNUSABLE
    return status


def main() -> None:
    """The console script."""
    sys.exit(run())


if __name__ == "__main__":
    main()
