"""Explains mistakes on the command line: names the option, the format or the value that was probably meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from urlcheck.text.near import find_near

_FOLLOWED = "redirects are followed already"

# options of curl and other programs -> what to do here; their letters do not resemble the option that is meant
_ELSEWHERE = {
    "-L": _FOLLOWED,
    "--location": _FOLLOWED,
    "--follow": _FOLLOWED,
    "--follow-redirects": _FOLLOWED,
    "-I": "write --method HEAD",
    "--head": "write --method HEAD",
    "-s": "write --quiet",
    "--silent": "write --quiet",
    "-i": "write --verbose",
    "--format": "write --output FORMAT",
}
# names and file extensions -> the format that is meant
_FORMATS = {"json": "jsonl", "ndjson": "jsonl", "htm": "html", "md": "markdown"}
_EXTENSIONS = {**_FORMATS, "txt": "table", "xml": "junit"}
_URL_START = re.compile(r"\s*https?://", re.IGNORECASE)
_JSON_START = re.compile(r"\s*(?:$|[\[{\"0-9]|-[0-9I])")


def explain_option(name: str, known: Iterable[str]) -> str:
    """The complaint about an option that does not exist, with the one of the `known` that was probably meant."""
    hint = _ELSEWHERE.get(name)
    if not hint and name.startswith("--"):
        words = [option.removeprefix("--") for option in known if option.startswith("--")]
        if near := find_near(name.removeprefix("--"), words):
            return f"{name}: no such option; did you mean --{near}?"
    return f"{name}: no such option; {hint or '--help lists all options'}"


def explain_format(value: str, formats: Collection[str]) -> str:
    """The complaint about a value of `--output` that does not begin with one of the formats."""
    name, equals, file = value.partition("=")
    if name in _FORMATS:
        return f"{name!r} is not a format; write {_FORMATS[name]}{f'={file}' if file else ''}"
    if not equals and "://" not in value:
        _, dot, extension = value.replace("\\", "/").rpartition("/")[2].rpartition(".")
        known = _EXTENSIONS.get(extension.lower(), extension.lower())
        if dot and known in formats:
            return f"{value!r} is a file name without a format; write {known}=FILE"
        if dot or "/" in value:
            return f"{value!r} is a file name without a format; write FORMAT=FILE. Formats: {', '.join(formats)}"
    return f"{name!r} is not a format; they are: {', '.join(formats)}"


def hint_at_json(text: str) -> str:
    """A hint that follows the complaint about a value of `--json`; empty for a value that begins as JSON does."""
    if is_url(text):
        return "; this is a URL; --output jsonl prints results as JSON"
    return "" if _JSON_START.match(text) else "; --output jsonl prints results as JSON"


def is_url(text: str) -> bool:
    """Whether the text begins as an http or https URL does."""
    return _URL_START.match(text) is not None
