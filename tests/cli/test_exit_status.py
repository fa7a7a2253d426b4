from __future__ import annotations

import re

from urlcheck.cli.command import EPILOG
from urlcheck.cli.exit_status import ExitStatus


def test_the_help_lists_every_exit_status() -> None:
    listed = {int(number) for numbers in re.findall(r"^ +([\d, ]+)", EPILOG, re.MULTILINE) for number in numbers.split(",")}
    assert {*ExitStatus} <= listed
