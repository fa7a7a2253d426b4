"""The layout, held by the syntax trees: imports point one way, each library has its home, and files stay small."""

from __future__ import annotations

import ast
import re
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

# file -> the number of imports in its functions, and why they are not at its top
DEFERRED = {
    "__init__.py": (1, "`import urlcheck` loads nothing"),
    "__main__.py": (3, "signals are handled before anything else is loaded"),
    "api.py": (2, "most runs need neither a second process nor Dask"),
    "backends/__main__.py": (4, "the process is tied to its parent before anything else is loaded"),
    "backends/worker_process.py": (2, "asyncio is loaded while the process starts"),
    "cli/command.py": (1, "--help does without what a run needs"),
    "cli/invocation.py": (2, "what runs is loaded while processes start; few runs need SQLite"),
    "cli/live.py": (1, "Rich is loaded where it draws"),
    "cli/program.py": (3, "completions, mistakes and errors in the program are rare"),
    "cli/remembering.py": (2, "few runs need SQLite"),
    "cli/running.py": (1, "few runs are a watch"),
    "cli/server.py": (1, "few runs serve a page"),
    "cli/watch_display.py": (1, "Rich is loaded where it draws"),
    "client/certificates.py": (1, "cryptography takes 40 ms"),
    "config/command.py": (1, "most runs have no configuration"),
    "config/document.py": (2, "variables alone need no parser of TOML; mistakes are rare"),
    "config/layers.py": (3, "few configurations have maintenance windows or targets; mistakes are rare"),
    "config/reading.py": (2, "--print-config and mistakes are rare"),
    "http/url.py": (1, "the tables of idna take 10 ms"),
    "options/bodies.py": (3, "json is too slow for --help; mistakes are rare"),
    "options/name_types.py": (1, "mistakes are rare"),
    "options/pager.py": (1, "--help does without Rich"),
    "options/topics.py": (2, "they are too slow for --help"),
    "policy/json_query.py": (2, "few runs have an expression"),
    "policy/policy.py": (2, "most runs expect nothing of a body and show none"),
    "reports/registry.py": (1, "it takes longer than all of --help"),
    "runtime/event_loop.py": (1, "a program with a loop of its own does without uvloop"),
    "settings/patterns.py": (1, "few runs have an expression"),
    "settings/rules/http.py": (1, "--help does without"),
    "settings/rules/pins.py": (2, "only --resolve needs them"),
    "store/opening.py": (1, "few runs need SQLite"),
    "text/secret_names.py": (1, "urllib.parse is too slow for --help"),
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


def count_deferred(tree: ast.Module) -> int:
    """The imports in functions."""
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return len(
        {each for function in functions for each in ast.walk(function) if isinstance(each, ast.Import | ast.ImportFrom)}
    )


def test_imports_stand_at_the_top_or_say_why_not() -> None:
    found = {name: number for name, tree in parse_all().items() if (number := count_deferred(tree))}
    assert found == {name: number for name, (number, _) in DEFERRED.items()}


def test_each_import_in_a_function_gives_its_reason() -> None:
    lines = [(name, line) for name, file in FILES.items() for line in file.read_text(encoding="utf-8").splitlines()]
    assert [(name, line.strip()) for name, line in lines if re.search(r"noqa: PLC0415(?! - \S)", line)] == []


def test_every_folder_says_its_purpose_in_a_line() -> None:
    packages = [name for name in FILES if name.endswith("__init__.py")]
    assert [name for name in packages if not ast.get_docstring(parse_all()[name])] == []
