"""The entry point of the program. Signals are handled before anything else is imported, so that Ctrl-C shows no traceback."""

from __future__ import annotations

import gc
import os


def main() -> None:
    """The console script."""
    gc.set_threshold(100_000)  # imports leave no garbage; a run sets its own threshold (`tune_gc`)
    try:
        from urlcheck.runtime.termination import end, end_quietly_on_signals  # noqa: PLC0415 - inside, where Ctrl-C is caught

        end_quietly_on_signals()
        from urlcheck.cli.program import run  # noqa: PLC0415 - likewise
    except KeyboardInterrupt:
        os._exit(130)  # ExitStatus.INTERRUPTED, without another import
    except (ImportError, MemoryError, OSError) as error:
        _fail(error)
    end(run())


def _fail(error: Exception) -> None:
    """Not even the modules of the program can be loaded: one line says why."""
    from urlcheck.runtime.shortages import name_shortage  # noqa: PLC0415 - only for an error

    reason = name_shortage(error)
    if reason is None:
        raise error
    os.write(2, f"urlcheck: {reason}\n".encode())
    os._exit(2)  # ExitStatus.UNUSABLE


if __name__ == "__main__":
    main()
