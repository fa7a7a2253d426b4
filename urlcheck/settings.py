"""What a run may be told. Every default is written here, once; the command line and the README take theirs from here."""

from __future__ import annotations

from collections.abc import Collection, Container
from dataclasses import dataclass, field

from urlcheck.model import Verdict

VERSION = "0.1.0"
HOME_PAGE = "https://github.com/urlcheck-cli/urlcheck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a list is read, checked and judged. Times in seconds.

    `include` and `exclude` are regular expressions searched for in the absolute URL; `headers` and `user` go to each URL's own
    origin only; `accept` holds the final status codes that pass; `allow` the verdicts that are reported but do not fail.
    """

    # input
    base_url: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    dedupe: bool = True

    # check
    concurrency: int = 256
    timeout: float = 10.0
    method: str = "GET"
    max_redirects: int = 10
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    user_agent: str = f"urlcheck/{VERSION} (+{HOME_PAGE})"
    user: tuple[str, str] | None = field(default=None, repr=False)
    insecure: bool = False
    ca_file: str | None = None

    # verdict
    accept: Container[int] = range(200, 300)
    allow: Collection[Verdict] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSettings:
    """How results are shown. `outputs` pairs a format with a file, or with None for standard output."""

    outputs: tuple[tuple[str, str | None], ...] = (("table", None),)
    show: str | None = None
    color: str = "auto"
    verbose: bool = False
    quiet: bool = False
    progress: bool = True
