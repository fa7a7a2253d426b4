"""Explains names that are not ours: the key or the variable that was probably meant."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from urlcheck.config.document import Table
from urlcheck.config.search import PREFIX
from urlcheck.text.near import find_near

# names in other programs -> the key here; they are too different to be found by their letters
_MEANT = {
    "auth": "user",
    "body": "data",
    "expect-status": "accept",
    "format": "output",
    "no-color": "color",
    "status": "accept",
    "status-code": "accept",
    "status-codes": "accept",
}
_OF_TARGETS = {"href": "url", "link": "url"}
_FILE_TABLES = {"tool", "urlcheck"}
_HEADERS = {"header", "expect-header"}
_HEADER_LIST = '["NAME: VALUE"]'


def explain_key(name: str, written: object, keys: Collection[str], table: Table) -> str:
    """The complaint about an unknown key, with the key that was probably meant. `keys`: all of this table."""
    unknown = f"unknown key {name!r}{table.of_title}"
    hint = _explain_in_target(name, written) if table.title else _explain_in_run(name, written, table)
    hint = hint or _suggest(name, written, keys)
    if not hint and isinstance(written, dict):
        hint = "keys are not grouped into tables"
    return f"{unknown}; {hint}" if hint else unknown


def list_ignored(environment: Mapping[str, str], known: Collection[str], used: Collection[str]) -> Iterator[str]:
    """A warning for each variable whose name resembles one of ours. `used`: those that the file refers to."""
    for variable, value in environment.items():
        if not (variable.startswith(PREFIX) and value.strip()) or variable in known or variable in used:
            continue
        if near := find_near(variable.removeprefix(PREFIX), [_to_key(name.removeprefix(PREFIX)) for name in known]):
            yield f"{variable} is not a setting and was ignored; did you mean {PREFIX}{near.upper().replace('-', '_')}?"


def _explain_in_run(name: str, written: object, table: Table) -> str | None:
    header = table.name_header()
    if name in _FILE_TABLES and isinstance(written, dict) and not table.is_project:
        return "in this file keys stand at the top, without a table ([tool.urlcheck] belongs in pyproject.toml)"
    if name == "targets" and _has_tables(written):
        return f"did you mean {header}?"
    if name in {"url", "urls", "targets"}:
        return f'write {header} and below it url = "…" for each URL, or file = "urls.txt"'
    return f"it belongs in {header}" if name == "name" else None


def _explain_in_target(name: str, written: object) -> str | None:
    return "write a table for each URL" if name == "urls" and isinstance(written, list) else None


def _suggest(name: str, written: object, keys: Collection[str]) -> str | None:
    meant = _MEANT.get(_to_key(name)) or _OF_TARGETS.get(name)
    near = meant if meant in keys else find_near(name, keys)
    if not near:
        return None
    if near == "accept" and type(written) is int and 100 <= written <= 999:
        return f"did you mean accept = {written}?"
    if near in _HEADERS and isinstance(written, dict):
        return f"did you mean {near} = {_HEADER_LIST}?"
    if isinstance(written, bool) and near == f"no-{_to_key(name)}":
        return f"did you mean {near} = {str(not written).lower()}?"
    return f"did you mean {near!r}?"


def _has_tables(written: object) -> bool:
    return isinstance(written, dict) or (isinstance(written, list) and any(isinstance(one, dict) for one in written))


def _to_key(name: str) -> str:
    return name.lower().replace("_", "-")
