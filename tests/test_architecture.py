"""The layout, held by the syntax trees: imports point one way, each library has its home, and files stay small."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import urlcheck

ROOT = Path(urlcheck.__file__).parent
FILES = {file.relative_to(ROOT).as_posix(): file for file in sorted(ROOT.rglob("*.py"))}

# from the ground up: a folder may import those on the lines above its own; folders on one line do not import each other
FLOORS = (
    ("text", "http", "runtime"),
    ("model",),
    ("settings",),
    ("input", "policy", "client", "reports"),
    ("engine",),
    ("store",),
    ("backends",),
    ("watch",),
    ("api",),
    ("manual",),
    ("options",),
    ("config",),
    ("cli",),
    ("__main__", "__init__"),
    ("demo",),
)
FLOOR = {folder: number for number, folders in enumerate(FLOORS) for folder in folders}

# library -> the places that may import it
HOMES = {
    "aiohttp": ("client/",),
    "aiohttp.web": ("watch/", "demo/"),
    "click": ("options/", "config/", "cli/"),
    "cryptography": ("client/",),
    "dask": ("backends/dask/",),
    "distributed": ("backends/dask/",),
    "jmespath": ("policy/",),
    "msgspec": ("backends/", "reports/formats/jsonl.py", "store/facts.py"),
    "multidict": ("client/",),
    "re2": ("settings/patterns.py",),
    "rich": ("reports/terminal/",),
    "sqlite3": ("store/",),
    "uvloop": ("runtime/",),
    "yarl": ("client/",),
}

MOST_LINES = 220
# why a file is longer
LONGER = {
    "backends/messages.py": "the whole of what a backend's two ends say to each other",
    "backends/coordinator.py": "the way of a target through a run is read in one sitting",
    "client/attempt.py": "one attempt: its hops, its time and its failure share one state",
    "client/failures.py": "a table, one row an exception",
    "engine/pacing.py": "one control law, with the reason of each number",
    "engine/scheduler.py": "one state machine: queues, limits, pauses and retries of hosts",
    "http/url.py": "the grammar of RFC 3986, parsing and resolution",
}


def folder_of(name: str) -> str:
    """`model` for all of model/, `api` for api.py."""
    return name.split("/", maxsplit=1)[0].removesuffix(".py")


def imports_of(tree: ast.Module) -> Iterator[str]:
    """The absolute names that a file imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module if not node.level else "a relative import"
            yield from (f"{base}.{alias.name}" for alias in node.names)


def library_of(name: str) -> str:
    """`aiohttp.web` for all of aiohttp's server, else the top-level package."""
    parts = name.split(".")
    return "aiohttp.web" if parts[0] == "aiohttp" and parts[1:2] and parts[1].startswith("web") else parts[0]


@cache
def parse_all() -> dict[str, ast.Module]:
    return {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in FILES.items()}


def test_every_folder_has_its_floor() -> None:
    assert {folder_of(name) for name in FILES} - FLOOR.keys() == set()


def test_imports_point_down() -> None:
    assert [
        f"{name} imports {imported}"
        for name, tree in parse_all().items()
        for imported in imports_of(tree)
        if imported.startswith("urlcheck.")
        and (other := imported.split(".")[1]) in FLOOR
        and other not in ("__init__", folder_of(name))
        and FLOOR[other] >= FLOOR[folder_of(name)]
    ] == []


def test_no_import_is_relative() -> None:
    assert [
        name for name, tree in parse_all().items() if any(each.startswith("a relative") for each in imports_of(tree))
    ] == []


def test_a_library_is_imported_only_at_its_home() -> None:
    assert [
        f"{name} imports {imported}"
        for name, tree in parse_all().items()
        for imported in imports_of(tree)
        if (homes := HOMES.get(library_of(imported))) and not name.startswith(homes)
    ] == []


def test_a_file_is_short_or_says_why() -> None:
    long = {name for name, file in FILES.items() if file.read_text(encoding="utf-8").count("\n") > MOST_LINES}
    assert long == LONGER.keys()


def test_every_folder_says_its_purpose_in_a_line() -> None:
    packages = [name for name in FILES if name.endswith("__init__.py")]
    assert [name for name in packages if not ast.get_docstring(parse_all()[name])] == []
