"""Imports point one way, and each library is imported where it belongs; as the syntax trees say."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import urlcheck

ROOT = Path(urlcheck.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# from the ground up: a room imports from the floors below its own, and from itself
FLOORS = [
    {
        "asides",
        "backoff",
        "charsets",
        "descriptors",
        "durations",
        "endings",
        "errors",
        "headers",
        "loop",
        "shortages",
        "manual",
        "sizes",
        "streams",
        "strict_json",
        "text",
        "urls",
        "verdict",
    },
    {"limits", "methods", "threads"},
    {"bodies", "expressions", "patterns", "settings"},
    {"model"},
    {"expectations", "targets", "scheduler", "reports", "client", "signals"},
    {"dispatcher", "inputs", "outbox", "patience", "policy", "sources", "throttle"},
    {"checks"},
    {"engine"},
    {"scale"},
    {"api"},
    {"modes", "__init__"},
    {"groups", "pager", "values"},
    {"options"},
    {"config"},
    {"cli"},
    {"program"},
    {"__main__"},
    {"demo"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

LIBRARIES = {
    "click": {"cli", "config", "groups", "options", "pager", "values", "program"},
    "rich": {"reports", "modes"},
    "aiohttp": {"client"},
    "aiohttp.web": {"modes", "demo"},
    "yarl": {"client"},
    "multidict": {"client"},
    "cryptography": {"client"},
    "uvloop": {"loop"},
    "re2": {"patterns"},
    "jmespath": {"expressions"},
}


def room_of(file: Path) -> str:
    """`model` for model.py, `client` for all of client/."""
    return file.relative_to(ROOT).parts[0].removesuffix(".py")


def imports_of(file: Path) -> Iterator[str]:
    """The absolute names of all modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file.name}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def library_of(name: str) -> str:
    """`aiohttp.web` for all of aiohttp's server, else the top-level package."""
    parts = name.split(".")
    return "aiohttp.web" if parts[0] == "aiohttp" and parts[1:2] and parts[1].startswith("web") else parts[0]


@pytest.fixture(params=FILES, ids=lambda file: str(file.relative_to(ROOT)))
def file(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_a_file_has_its_floor(file: Path) -> None:
    assert room_of(file) in FLOOR


def test_imports_point_down(file: Path) -> None:
    room = room_of(file)
    rooms = {name.split(".")[1] for name in imports_of(file) if name.startswith("urlcheck.")}
    rooms = {other if other in FLOOR else "__init__" for other in rooms}
    assert {other for other in rooms - {room} if FLOOR[other] >= FLOOR[room]} == set()


def test_a_library_is_imported_only_where_it_belongs(file: Path) -> None:
    room = room_of(file)
    libraries = {library_of(name) for name in imports_of(file)} & LIBRARIES.keys()
    assert {library for library in libraries if room not in LIBRARIES[library]} == set()


def test_the_floors_are_not_empty() -> None:
    assert {"cli", "engine", "policy", "client", "reports"} <= {room_of(file) for file in FILES}
