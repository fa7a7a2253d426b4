"""`--data` and `--json` → the body of requests, and what follows from it: the method and the headers that say what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from urlcheck.model.errors import SettingsError

PARAMS = frozenset({"data", "json"})  # a request has one body: either of them overrides both of a less specific place
MAX_BODY = 10 * 1024 * 1024

_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"
_LEFT_OUT = b"\r\n\0"  # bytes that are removed from a form in a file, as curl does


def read_form(text: str) -> bytes:
    """The body that `--data` gives: the text itself, or `@FILE` without its line ends. Raises `SettingsError`."""
    return _read(text, "data").translate(None, _LEFT_OUT) if text.startswith("@") else _encode(text)


def read_json(text: str) -> bytes:
    """The body that `--json` gives: the text itself, or `@FILE`, byte for byte. Raises `SettingsError`."""
    from json import JSONDecodeError  # noqa: PLC0415 - few runs send JSON

    from urlcheck.http import strict_json  # noqa: PLC0415 - it imports json

    body = _read(text, "json") if text.startswith("@") else _encode(text)
    try:
        # RFC 8259, 8.1: UTF-8 without a byte-order mark; numbers may be of any length: the receiver reads them
        strict_json.load(body.decode("utf-8"), parse_int=str, parse_float=str)
    except JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        from urlcheck.options.mistakes import hint_at_json  # noqa: PLC0415 - used only after a mistake

        hint = "" if text.startswith("@") else hint_at_json(text)
        raise SettingsError("json", f"not JSON: {error.msg[:1].lower()}{error.msg[1:]} ({place}){hint}") from None
    except UnicodeDecodeError:
        raise SettingsError("json", "not JSON: not UTF-8") from None
    except ValueError as error:
        raise SettingsError("json", f"not JSON: {error}") from None
    except RecursionError:
        raise SettingsError("json", "nested too deep") from None
    return body


def add_body(params: Mapping[str, Any]) -> dict[str, Any]:
    """A command line's parameters with what `--data` and `--json` say of the request, unless it is said already.

    Raises `SettingsError` where both are given.
    """
    given = dict(params)
    parts, text = given.pop("data", None), given.pop("json", None)
    if parts and text is not None:
        raise SettingsError("json", "cannot be used together with", "data")
    if not parts and text is None:
        return given
    given["data"] = b"&".join(parts) if parts else text
    given["method"] = given.get("method") or "POST"
    implied = {"Content-Type": _FORM} if parts else {"Content-Type": _JSON, "Accept": _JSON}
    headers = tuple(given.get("headers") or ())
    named = {name.lower() for name, _ in headers}
    given["headers"] = (*headers, *(header for header in implied.items() if header[0].lower() not in named))
    return given


def _read(text: str, field: str) -> bytes:
    name = text[1:]
    if name == "-":
        raise SettingsError(field, "standard input is for URLs; name a file: @FILE")
    if not name:
        raise SettingsError(field, "@ names no file; write @FILE")
    try:
        with open(name, "rb") as file:
            body = file.read(MAX_BODY + 1)
    except OSError as error:
        raise SettingsError(field, f"cannot read {name}: {error.strerror}") from None
    except ValueError:
        raise SettingsError(field, f"cannot read {name!r}: not the name of a file") from None
    if len(body) > MAX_BODY:
        raise SettingsError(field, f"{name} is over {MAX_BODY // 1024**2} MiB")
    return body


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")  # the bytes of an argument that is not UTF-8 (PEP 383)
