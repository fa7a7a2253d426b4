"""How the program ends when its work is done; what signals do is seen in tests/cli/test_main.py."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """if True:
    import atexit, os, sys
    class Left:
        def __del__(self, write=os.write):
            write(2, b"freed")
    left = Left()
    atexit.register(os.write, 2, b"called ")
    from urlcheck.__main__ import main
    main()
    """


@pytest.mark.parametrize(
    ("options", "said"),
    [
        pytest.param([], "called ", id="without freeing its memory"),
        pytest.param(["-X", "dev"], "called freed", id="as Python does, in its development mode"),
    ],
)
def test_the_program_calls_the_functions_of_atexit_and_ends(options: list[str], said: str) -> None:
    command = [sys.executable, *options, "-c", PROGRAM, "--version"]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    assert finished.stdout.startswith("urlcheck ")
    assert finished.stderr == said
