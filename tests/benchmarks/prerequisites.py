"""What must be installed before anything can be compared; each with what to do about it."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator

from tests.benchmarks.programs import find_lychee
from tests.benchmarks.servers import find_nginx

_REQUIREMENTS = "python -m pip install -r tests/benchmarks/requirements.txt"


def missing() -> Iterator[str]:
    """One line for everything that is not there."""
    if sys.platform != "linux":
        yield "Linux is missing: only there all of 127.0.0.0/8 is this machine"
    if not find_nginx():
        yield "nginx is missing: apt-get install nginx"
    if not shutil.which("curl"):
        yield "curl is missing: apt-get install curl"
    if not find_lychee():
        yield f"lychee is missing: {_REQUIREMENTS}"
    if not importlib.util.find_spec("trustme"):
        yield f"trustme is missing: {_REQUIREMENTS}"
