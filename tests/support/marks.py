"""Marks of tests that need a platform."""

from __future__ import annotations

import sys

import pytest

on_posix = pytest.mark.skipif(sys.platform == "win32", reason="signals, pipes and terminals as POSIX has them")

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="a full backlog, 127.0.0.0/8 and /proc as Linux has them")
