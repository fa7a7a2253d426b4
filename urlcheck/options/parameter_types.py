"""Parameter types for Click: they convert the text of an option's value, and refuse unusable text with advice."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from typing import Any, cast

import click
from click.shell_completion import CompletionItem

from urlcheck.http.headers import FRAMING, is_sendable, is_token
from urlcheck.http.methods import find_fault
from urlcheck.manual import TOPICS, suggest_topics
from urlcheck.model.verdict import Verdict
from urlcheck.reports.registry import FORMATS, find_others
from urlcheck.settings.limits import RANGES
from urlcheck.text.durations import parse_duration
from urlcheck.text.sizes import parse_size

_PIN = re.compile(r"([^:\[\]]+):([0-9]{1,5}):(.+)")
_CODES = re.compile(r"([0-9])xx|([0-9]{3})(?:-([0-9]{3}))?")


class Count(click.IntRange):
    """A whole number within bounds."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            int(value)
        except ValueError:
            self.fail(f"{value!r} is not a whole number.", param, ctx)
        return int(super().convert(value, param, ctx))


class Duration(click.ParamType[float]):
    """`500ms`, `10s`, `2m`, `1h`, a number of seconds → seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, (int, float)):
            return float(value)
        try:
            return parse_duration(value)
        except ValueError as error:
            self.fail(f"{value!r} is {error}: write 500ms, 10s, 2m or 1h.", param, ctx)


class Size(click.ParamType[int]):
    """`500`, `64K`, `1M` → bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return parse_size(value)
        except ValueError:
            self.fail(f"{value!r} is not a size: write 500, 64K or 1M.", param, ctx)


class StatusCodes(click.ParamType[frozenset[int]]):
    """`200-299,304`, `2xx,404` → a set of status codes."""

    name = "codes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[int]:
        codes: set[int] = set()
        for part in value.lower().split(","):
            match = _CODES.fullmatch(part.strip())
            if match is None:
                self.fail(
                    f"{part.strip()!r} is not a status code: write 200, 200-299 or 2xx, with commas between.", param, ctx
                )
            family, first, last = match.groups()
            low, high = (int(family) * 100, int(family) * 100 + 99) if family else (int(first), int(last or first))
            if low > high:
                self.fail(f"{part.strip()!r} is not a range: its end is below its start.", param, ctx)
            codes.update(range(low, high + 1))
        return frozenset(codes)


class Verdicts(click.ParamType[frozenset[Verdict]]):
    """`timeout,dns` → verdicts."""

    name = "verdicts"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[Verdict]:
        try:
            return frozenset(Verdict(part.strip().lower()) for part in value.split(","))
        except ValueError as error:
            self.fail(f"{str(error).partition(' is not')[0]} is not a verdict; they are: {', '.join(Verdict)}.", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        before, comma, begun = incomplete.rpartition(",")
        return _complete(begun, Verdict, before + comma)


class Header(click.ParamType[tuple[str, str]]):
    """`NAME: VALUE` → a pair, for a header that is sent or one that is expected."""

    name = "header"

    def __init__(self, *, is_sent: bool = True) -> None:
        self._is_sent = is_sent

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, colon, text = value.partition(":")
        if not colon or not is_token(name) or not is_sendable(text):
            self.fail("a header is written 'NAME: VALUE', without control characters.", param, ctx)
        if self._is_sent and name.lower() in FRAMING:
            self.fail(f"{name} cannot be set: urlcheck itself sets the headers that frame a request.", param, ctx)
        return name, text.strip()


class HeaderText(click.ParamType[str]):
    """The value of a header."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not is_sendable(value):
            self.fail("a header cannot have control characters.", param, ctx)
        return str(value)


class Credentials(click.ParamType[tuple[str, str]]):
    """`NAME:PASSWORD` → a pair."""

    name = "credentials"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, colon, password = value.partition(":")
        if not colon or not is_sendable(value):
            self.fail("credentials are written NAME:PASSWORD, without control characters.", param, ctx)
        return name, password


class Method(click.ParamType[str]):
    """A request method, in capitals."""

    name = "method"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if fault := find_fault(value):
            self.fail(fault, param, ctx)
        return str(value.upper())


class Body(click.ParamType[bytes]):
    """A request body, read by a function from the text or from the file named after `@`; it raises `SettingsError`."""

    name = "body"

    def __init__(self, read: Callable[[str], bytes]) -> None:
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:  # noqa: ARG002
        return value if isinstance(value, bytes) else self._read(value)


class Pin(click.ParamType[tuple[str, int, str]]):
    """`HOST:PORT:ADDRESS[,ADDRESS]`, with `*` for any host → host, port and addresses."""

    name = "pin"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int, str]:
        if not isinstance(value, str):
            return cast("tuple[str, int, str]", value)
        match = _PIN.fullmatch(value)
        if match is None:
            self.fail(f"{value!r} is not HOST:PORT:ADDRESS.", param, ctx)
        name, port, addresses = match.groups()
        from urlcheck.http.url import InvalidUrlError, is_ip_address, read_host  # noqa: PLC0415 - of no use to --help

        if not 1 <= int(port) <= 65535:
            self.fail(f"{port} is not a port number from 1 to 65535.", param, ctx)
        try:
            host = name if name == "*" else read_host(name).removesuffix(".")
        except InvalidUrlError as error:
            self.fail(f"{name!r} is not a host: {error}.", param, ctx)
        if is_ip_address(host):
            self.fail(f"{host} is an IP address: write the host name that it replaces.", param, ctx)
        return host, int(port), ",".join(self._read_address(text, param, ctx) for text in addresses.split(","))

    def _read_address(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        import ipaddress  # noqa: PLC0415

        bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        try:
            address = ipaddress.ip_address(bare)
        except ValueError:
            self.fail(f"{text!r} is not an IP address.", param, ctx)
        if "%" in bare:
            self.fail(f"{text!r} has a zone: write the address without it.", param, ctx)
        return str(address)


class Rate(click.ParamType[float]):
    """A number of requests a second."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            rate = float(value)
        except ValueError:
            rate = math.nan
        if not 0 < rate < math.inf:
            self.fail(f"{value!r} is not a number of requests a second: write 10 or 0.5.", param, ctx)
        return rate


class Processes(click.ParamType[int | str]):
    """`auto`, or a number."""

    name = "processes"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        if value == "auto":
            return "auto"
        least, most = RANGES["processes"]
        if not (value.isascii() and value.isdigit() and len(value) < 10 and least <= int(value) <= most):
            self.fail(f"{value!r} is neither auto nor a number from {least} to {most}.", param, ctx)
        return int(value)


class Output(click.ParamType[tuple[str, str | None]]):
    """`FORMAT` or `FORMAT=FILE` → format and file, None for standard output."""

    name = "output"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str | None]:
        name, equals, file = value.partition("=")
        if name not in FORMATS and name not in (others := find_others()):
            self.fail(f"{name!r} is not a format; they are: {', '.join([*FORMATS, *others])}.", param, ctx)
        if equals and not file:
            self.fail(f"{value!r} names no file: write {name}=FILE.", param, ctx)
        return name, file or None

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        return _complete(incomplete, FORMATS)


class Topic(click.ParamType[str]):
    """A topic of the manual, or the empty string for the list of topics."""

    name = "topic"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value and value not in TOPICS:
            near = " or ".join(map(repr, suggest_topics(value)))
            hint = f"did you mean {near}?" if near else f"the topics are: {', '.join(TOPICS)}."
            self.fail(f"{value!r} is not a topic of the manual; {hint}", param, ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        return _complete(incomplete, TOPICS)


def _complete(begun: str, words: Iterable[str], before: str = "") -> list[CompletionItem]:
    return [CompletionItem(before + word) for word in words if word.startswith(begun)]
