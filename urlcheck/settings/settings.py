"""What a run may be told. Every default is written here, once; the command line and the README take theirs from here."""

from __future__ import annotations

from collections.abc import Collection, Container
from dataclasses import dataclass, field, fields
from typing import Literal

from urlcheck.model.verdict import Verdict
from urlcheck.settings.limits import refuse_unusable

VERSION = "0.1.0"
DEFAULT_ACCEPT = range(200, 300)
HOME_PAGE = "https://github.com/urlcheck-cli/urlcheck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a list is read, checked and judged. Times in seconds.

    `include` and `exclude` are regular expressions searched for in the absolute URL; `headers` and `user` go to each URL's own
    origin only; `proxy` None leaves it to the environment; `rate` is in requests a second to one host; `accept` holds the
    final status codes that pass; `allow` the verdicts that are reported but do not fail. `wait`: what does not pass is checked
    again until so long after the beginning of the run, in place of `retries`.
    A value of `expect_headers` that starts with `~` is a regular expression. `data` is the body that is sent; `resolve` gives
    the addresses, with commas between, of a host (`*`: any) and port; `cert` and `key` name PEM files. `max_body` is in bytes,
    decompressed; `keep_body` has results keep the beginning of the body of what did not pass.
    Of an accepted answer the body holds every `expect_text`, every `expect_regex` is found in it, and every `expect_json`, in
    JMESPath, is true of it. All regular expressions are RE2's. Raises `SettingsError` for a value that a field cannot have.
    """

    # input
    base_url: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    dedupe: bool = True

    # run
    concurrency: int = 256
    per_host: int = 10
    rate: float | None = None
    processes: int | Literal["auto"] = "auto"
    deadline: float | None = None
    wait: float | None = None

    # request
    timeout: float = 10.0
    retries: int = 2
    method: str = "GET"
    data: bytes | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    user_agent: str = f"urlcheck/{VERSION} (+{HOME_PAGE})"
    user: tuple[str, str] | None = field(default=None, repr=False)
    netrc: bool = False
    max_redirects: int = 10

    # connection
    proxy: str | None = None
    insecure: bool = False
    ca_file: str | None = None
    cert: str | None = None
    key: str | None = None
    resolve: tuple[tuple[str, int, str], ...] = ()
    unix_socket: str | None = None
    block_private: bool = False
    ip_version: Literal[4, 6] | None = None

    # verdict
    accept: Container[int] = DEFAULT_ACCEPT
    allow: Collection[Verdict] = frozenset()
    expect_headers: tuple[tuple[str, str], ...] = ()
    expect_text: tuple[str, ...] = ()
    expect_regex: tuple[str, ...] = ()
    expect_json: tuple[str, ...] = ()
    max_body: int = 1024 * 1024
    keep_body: bool = False
    max_time: float | None = None
    min_cert_days: int | None = None

    def __post_init__(self) -> None:
        for field_ in fields(self):
            if isinstance(value := getattr(self, field_.name), list):
                object.__setattr__(self, field_.name, tuple(value))  # settings are compared, and keys of dictionaries
        refuse_unusable(self)

    @property
    def expects_body(self) -> bool:
        """Whether answers are judged by their bodies."""
        return bool(self.expect_text or self.expect_regex or self.expect_json)

    @property
    def expects_more_than_a_status(self) -> bool:
        """Whether an answer of an accepted status may still not pass."""
        return bool(self.expects_body or self.expect_headers or self.max_time is not None or self.min_cert_days is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSettings:
    """How results are shown. `outputs` pairs a format with a file, or with None for standard output.

    `show_body` shows what `Settings.keep_body` keeps.
    """

    outputs: tuple[tuple[str, str | None], ...] = (("table", None),)
    show: str | None = None
    color: str = "auto"
    verbose: bool = False
    quiet: bool = False
    progress: bool = True
    show_body: bool = False
