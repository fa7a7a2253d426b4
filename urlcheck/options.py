"""The command line's vocabulary: Click parameter types, and options in groups, each of which fills one settings object."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click
from click.shell_completion import CompletionItem

from urlcheck.bodies import add_body, read_form, read_json
from urlcheck.durations import format_duration, parse_duration
from urlcheck.reports.registry import FORMATS, find_others
from urlcheck.settings import OutputSettings, Settings
from urlcheck.sizes import format_size, parse_size
from urlcheck.urls import InvalidUrlError, is_ip_address, read_host
from urlcheck.verdict import Verdict

if TYPE_CHECKING:
    from click.types import OptionHelpExtra

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_FRAMING = frozenset({"content-length", "transfer-encoding"})
_PIN = re.compile(r"([^:\[\]]+):([0-9]{1,5}):(.+)")
_CODES = re.compile(r"([0-9])xx|([0-9]{3})(?:-([0-9]{3}))?")

AnySettings = TypeVar("AnySettings", Settings, OutputSettings)
Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Duration(click.ParamType[float]):
    """`500ms`, `10s`, `2m`, `1h`, a number of seconds → seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, (int, float)):
            return float(value)
        try:
            return parse_duration(value)
        except ValueError:
            self.fail(f"{value!r} is not a duration: write 500ms, 10s, 2m or 1h.", param, ctx)


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
                self.fail(f"{part.strip()!r} ends before it begins.", param, ctx)
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
    """`NAME: VALUE` → a pair that can be sent."""

    name = "header"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, colon, text = value.partition(":")
        if not colon or not _TOKEN.fullmatch(name) or _UNSENDABLE.search(text):
            self.fail("a header is written 'NAME: VALUE', without control characters.", param, ctx)
        if name.lower() in _FRAMING:
            self.fail(f"{name} says how a request is framed, which is not for the user to say.", param, ctx)
        return name, text.strip()


class HeaderText(click.ParamType[str]):
    """The value of a header."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if _UNSENDABLE.search(value):
            self.fail("a header cannot have control characters.", param, ctx)
        return str(value)


class Credentials(click.ParamType[tuple[str, str]]):
    """`NAME:PASSWORD` → a pair."""

    name = "credentials"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        name, colon, password = value.partition(":")
        if not colon or _UNSENDABLE.search(value):
            self.fail("credentials are written NAME:PASSWORD, without control characters.", param, ctx)
        return name, password


class Method(click.ParamType[str]):
    """A request method, in capitals."""

    name = "method"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not _TOKEN.fullmatch(value):
            self.fail(f"{value!r} is not a request method: write GET, HEAD or POST, for example.", param, ctx)
        if value.upper() == "CONNECT":
            self.fail("CONNECT asks for a tunnel and not for a URL.", param, ctx)
        return str(value.upper())


class Body(click.ParamType[bytes]):
    """What a function makes of a text, or of the file that is named after `@`; it raises `SettingsError`."""

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
        if not 1 <= int(port) <= 65535:
            self.fail(f"{port} is not a port, which is a number from 1 to 65535.", param, ctx)
        try:
            host = name if name == "*" else read_host(name).removesuffix(".")
        except InvalidUrlError as error:
            self.fail(f"{name!r} is not a host: {error}.", param, ctx)
        if is_ip_address(host):
            self.fail(f"{host} is an address already, and no name to resolve.", param, ctx)
        return host, int(port), ",".join(self._read_address(text, param, ctx) for text in addresses.split(","))

    def _read_address(self, text: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        try:
            address = ipaddress.ip_address(bare)
        except ValueError:
            self.fail(f"{text!r} is not an IP address.", param, ctx)
        if "%" in bare:
            self.fail(f"{text!r} has a zone, which a name cannot resolve to.", param, ctx)
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
        if not (value.isascii() and value.isdigit() and 1 <= int(value) <= 64):
            self.fail(f"{value!r} is neither auto nor a number from 1 to 64.", param, ctx)
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


def _complete(begun: str, words: Iterable[str], before: str = "") -> list[CompletionItem]:
    return [CompletionItem(before + word) for word in words if word.startswith(begun)]


class GroupedOption(click.Option):
    """An option that knows under which heading it is listed, and what applies where it is not given."""

    def __init__(self, *args: Any, group: str, shown_default: str | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.group = group
        self.shown_default = shown_default

    def get_help_extra(self, ctx: click.Context) -> OptionHelpExtra:  # noqa: ARG002 - Click's signature
        return {"default": self.shown_default} if self.shown_default else {}


class GroupedCommand(click.Command):
    """A command whose help lists its options under headings."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)):
                groups.setdefault(getattr(param, "group", "Other"), []).append(record)
        other = groups.pop("Other", [])
        for group, records in [*groups.items(), ("Other", other)]:
            with formatter.section(group):
                formatter.write_dl(records)


def pick(settings: type[AnySettings], params: Mapping[str, Any]) -> AnySettings:
    """The settings object of that type, filled with what the command line says; what it does not say has its default."""
    given = {name: value for name, value in add_body(params).items() if value is not None and value != ()}
    return settings(**{field.name: given[field.name] for field in fields(settings) if field.name in given})


def _options(group: str, settings: type[Any]) -> Callable[..., Decorator]:
    """A maker of options of one group; `shows` formats the default that the settings field of the same name has."""
    defaults = {field.name: field.default for field in fields(settings)}

    def option(*names: str, shows: Callable[[Any], str] | None = None, **attributes: Any) -> Decorator:
        field = next((name for name in names if not name.startswith("-")), names[-1].lstrip("-").replace("-", "_"))
        shown = shows(defaults[field]) if shows else None
        return click.option(*names, cls=GroupedOption, group=group, shown_default=shown, default=None, **attributes)

    return option


def _format_codes(codes: range) -> str:
    return f"{codes.start}-{codes.stop - 1}"


def _list_formats() -> str:
    *others, last = FORMATS
    return f"{', '.join(others)} or {last}"


def combine(*decorators: Decorator) -> Decorator:
    """Several decorators as one, the first on top."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


_input = _options("Input", Settings)
_check = _options("Check", Settings)
_verdict = _options("Verdict", Settings)
_output = _options("Output", OutputSettings)

input_options = combine(
    _input("-f", "--file", "files", type=click.Path(), metavar="FILE", multiple=True,
           help="Read URLs from FILE, one a line; - is standard input. Repeatable."),
    _input("--base-url", metavar="URL", help="Resolve entries that start with /, ./, ../ or ? against URL."),
    _input("--include", metavar="REGEX", multiple=True,
           help="Check only URLs that match; the others are skipped. Repeatable."),
    _input("--exclude", metavar="REGEX", multiple=True, help="Skip URLs that match. Repeatable."),
    _input("--no-dedupe", "dedupe", flag_value=False, type=bool,
           help="Check and report every line, also a URL that was met before; for endless input."),
    _input("--allow-empty", is_flag=True, help="No URL in the input is no error."),
)  # fmt: skip

check_options = combine(
    _check("-c", "--concurrency", type=click.IntRange(1, 100_000), metavar="N", shows=str,
           help="Requests in flight."),
    _check("-j", "--processes", type=Processes(), metavar="N|auto", shows=str,
           help="Event loops, each in a process; auto: one a core where one can do no more."),
    _check("--per-host", type=click.IntRange(1, 100_000), metavar="N", shows=str, help="Requests in flight to one host."),
    _check("--rate", type=Rate(), metavar="N",
           help="Requests a second to one host, at most."),
    _check("-t", "--timeout", type=Duration(), metavar="DURATION",
           shows=lambda seconds: format_duration(seconds).replace(" ", ""), help="For one attempt, redirects included."),
    _check("-r", "--retries", type=click.IntRange(0, 100), metavar="N", shows=str,
           help="Further attempts for a failure that may pass, after about 1, 2, 4 ... seconds."),
    _check("--deadline", type=Duration(), metavar="DURATION",
           help="For the whole run; what is not finished then is unchecked."),
    _check("--wait", type=Duration(), metavar="DURATION",
           help="Check again what has not passed, every 0.25 to 2 seconds, until all has or the time is up."),
    _check("-X", "--method", type=Method(), metavar="METHOD", shows=str,
           help="A HEAD that does not pass is confirmed by a GET; others are sent as they are."),
    _check("--data", type=Body(read_form), multiple=True, metavar="DATA",
           help="POST a form: DATA, or @FILE; goes to each URL's own origin only. Repeatable."),
    _check("--json", type=Body(read_json), metavar="JSON", help="POST JSON, or @FILE; to the own origin only."),
    _check("--max-redirects", type=click.IntRange(0, 100), metavar="N", shows=str,
           help="Redirects followed; 0: the redirect is the answer."),
    _check("-H", "--header", "headers", type=Header(), multiple=True, metavar="'NAME: VALUE'",
           help="Sent to each URL's own origin only. Repeatable."),
    _check("--user-agent", type=HeaderText(), metavar="TEXT", shows=str, help="How urlcheck introduces itself."),
    _check("-u", "--user", type=Credentials(), metavar="NAME:PASSWORD",
           help="Basic credentials, for each URL's own origin only."),
    _check("--netrc", is_flag=True, help="Credentials from ~/.netrc, or the file that NETRC names."),
    _check("--proxy", metavar="URL", help="Instead of HTTP_PROXY and HTTPS_PROXY. NO_PROXY is obeyed."),
    _check("-k", "--insecure", is_flag=True, help="Do not verify TLS certificates."),
    _check("--ca-file", type=click.Path(), metavar="FILE", help="Trust the PEM certificates in FILE, and no others."),
    _check("--cert", type=click.Path(), metavar="FILE",
           help="A client certificate in PEM form, for each URL's own origin only."),
    _check("--key", type=click.Path(), metavar="FILE", help="Its private key, where it is not in the same file."),
    _check("--resolve", type=Pin(), multiple=True, metavar="HOST:PORT:ADDRESS",
           help="Connect to ADDRESS for HOST, or * for any, and PORT. Repeatable."),
    _check("--unix-socket", type=click.Path(), metavar="PATH", help="Send all requests through this Unix socket."),
    _check("--block-private", is_flag=True, help="Refuse every address that is not public."),
    _check("-4", "ip_version", flag_value=4, type=int, help="IPv4 only."),
    _check("-6", "ip_version", flag_value=6, type=int, help="IPv6 only."),
)  # fmt: skip

verdict_options = combine(
    _verdict("--accept", type=StatusCodes(), metavar="CODES", shows=_format_codes,
             help="Final status codes that pass, as in 200-299,304 or 2xx,404."),
    _verdict("--expect-header", "expect_headers", type=Header(), multiple=True, metavar="'NAME: VALUE'",
             help="The final answer must have this header; VALUE may be ~REGEX. Repeatable."),
    _verdict("--expect-text", metavar="TEXT", multiple=True, help="The body must hold TEXT. Repeatable."),
    _verdict("--expect-regex", metavar="REGEX", multiple=True, help="REGEX must be found in the body. Repeatable."),
    _verdict("--expect-json", metavar="EXPR", multiple=True,
             help="The body must be JSON of which EXPR, in JMESPath, is true. Repeatable."),
    _verdict("--max-body", type=Size(), metavar="SIZE", shows=lambda size: format_size(size).replace(" ", ""),
             help="As much of a body is read for these, decompressed."),
    _verdict("--max-time", type=Duration(), metavar="DURATION", help="What takes longer is slow."),
    _verdict("--min-cert-days", type=click.IntRange(0, 10_000), metavar="N",
             help="A certificate must be valid for so many days more."),
    _verdict("--allow", type=Verdicts(), metavar="VERDICT,...",
             help="These verdicts are reported but do not fail the run."),
)  # fmt: skip

config_options = combine(
    click.option("--config", metavar="FILE", envvar="URLCHECK_CONFIG",
                 help="Settings and targets, instead of the urlcheck.toml or pyproject.toml that is found."),
    click.option("--no-config", is_flag=True, help="Use no such file."),
    click.option("--print-config", is_flag=True, help="Say what applies and where it comes from, and check nothing."),
)  # fmt: skip

output_options = combine(
    _output("-o", "--output", "outputs", type=Output(), multiple=True, metavar="FORMAT[=FILE]",
            shows=lambda outputs: outputs[0][0],
            help=f"{_list_formats()}, to standard output or to FILE. Repeatable."),
    _output("--show", type=click.Choice(["all", "problems"]), metavar="all|problems",
            help="Which results a report for people lists. Without it: all up to 500, then the problems alone."),
    _output("--show-body", is_flag=True, help="How the body begins, below each URL in the table that did not pass."),
    _output("--color", type=click.Choice(["auto", "always", "never"]), metavar="WHEN", shows=str,
            help="auto (on a terminal, unless NO_COLOR is set), always or never."),
    _output("--no-progress", "progress", flag_value=False, type=bool, help="No progress bar."),
    _output("-q", "--quiet", is_flag=True, help="Results and errors alone: no progress bar, no summary, no warnings."),
    _output("-v", "--verbose", is_flag=True, help="Whole URLs, the redirect chain and the evidence in the table."),
)  # fmt: skip
