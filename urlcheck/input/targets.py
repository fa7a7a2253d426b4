"""Entries of the input → `Target`s: parsed, filtered, numbered, and each URL once."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from hashlib import blake2b

from urlcheck.http.url import InvalidUrlError, Url, is_ip_address, is_localhost, parse, resolve
from urlcheck.model.errors import SettingsError
from urlcheck.model.nouns import Rejection, Target
from urlcheck.model.verdict import Verdict
from urlcheck.settings.patterns import Pattern
from urlcheck.settings.settings import Settings
from urlcheck.text.safe import mask, mask_broken

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PORT = re.compile(r"[0-9]+(?:[/?#]|$)")
_NUMBER_SCHEMES = {"tel", "sms", "fax"}  # tel:911 has the form of host:port
_UNIX_SCHEMES = {"http+unix", "https+unix"}
BLANKS = " \t\r\n"  # what surrounds an entry; what else Python takes for a blank makes it another URL
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the input that says more than a URL, as a `[[target]]` of a configuration does; `line` counts from 1."""

    url: str
    source: str
    line: int | None
    name: str | None = None
    settings: Settings | None = None


def parse_entry(text: str, base_url: Url | None = None) -> Url | Rejection:
    """What an entry asks for, or the reason why it is `invalid`. Pure; never raises.

    An entry without a scheme is `https`, or `http` where the host is this machine's or an IP address; one that starts with
    `/`, `./`, `../` or `?` is resolved against `base_url`.
    """
    try:
        return _read_entry(text, base_url)
    except InvalidUrlError as error:
        return Rejection(Verdict.INVALID, str(error))


def _read_entry(text: str, base_url: Url | None) -> Url:
    if not text:
        raise InvalidUrlError("empty")
    if _SURROGATE.search(text):
        raise InvalidUrlError("not UTF-8")
    if text.startswith(("/", "./", "../", "?")) or text in (".", ".."):
        if base_url is None:
            raise InvalidUrlError("relative; --base-url says to what")
        return resolve(base_url, text, keep_dots=True)
    if match := _SCHEME.match(text):
        is_host_and_port = "." in match[1] or (_PORT.match(text, match.end()) and match[1].lower() not in _NUMBER_SCHEMES)
        if match[1].lower() in _UNIX_SCHEMES:
            raise InvalidUrlError(f"unsupported scheme '{match[1].lower()}'; --unix-socket names a socket")
        if not is_host_and_port:
            return parse(text)
    url = parse("https://" + text)
    return parse("http://" + text) if is_localhost(url.host) or is_ip_address(url.host) else url


def mask_entry(text: str) -> str:
    """An entry with its secrets masked, whether it is a URL or not."""
    return mask(text) if isinstance(parse_entry(text), Url) else mask_broken(text)


class Collector:
    """Makes a target of every entry of a run, and counts the URLs that were met before.

    Raises `SettingsError` for a base URL or a regular expression that cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.duplicates = 0
        self._base_url = _read_base_url(settings.base_url)
        self._include = [Pattern(pattern, "--include") for pattern in settings.include]
        self._exclude = [Pattern(pattern, "--exclude") for pattern in settings.exclude]
        self._seen: set[bytes] | None = set() if settings.dedupe else None
        self._count = 0

    def collect(self, text: str, source: str, line: int | None = None) -> Target | None:
        """The target of one entry, trimmed; None where its URL was met before."""
        text = text.strip(BLANKS)
        request = self._sift(parse_entry(text, self._base_url), is_own=False)
        return self._number(text, source, line, request) if request else None

    def collect_entry(self, entry: Entry) -> Target | None:
        """The same, for one that says more; what has settings of its own is never a duplicate of another."""
        text = entry.url.strip(BLANKS)
        request = self._sift(parse_entry(text, self._base_url), is_own=entry.settings is not None)
        if request is None:
            return None
        return replace(self._number(text, entry.source, entry.line, request), name=entry.name, settings=entry.settings)

    def reject(self, text: str, source: str, line: int | None, reason: str) -> Target:
        """The target of an entry that could not even be read."""
        return self._number(text, source, line, Rejection(Verdict.INVALID, reason))

    def _number(self, entry: str, source: str, line: int | None, request: Url | Rejection) -> Target:
        target = Target(entry, source, line, self._count, request)
        self._count += 1
        return target

    def _sift(self, request: Url | Rejection, *, is_own: bool) -> Url | Rejection | None:
        if isinstance(request, Url):
            if not is_own and self._was_met(request):
                self.duplicates += 1
                return None
            if reason := self._reason_to_skip(request):
                return Rejection(Verdict.SKIPPED, reason)
        return request

    def _was_met(self, url: Url) -> bool:
        if self._seen is None:
            return False
        text = f"{url.scheme}://{url.host}:{url.port}{url.target} {url.userinfo or ''}"
        # 16 bytes a URL, whatever its length, and no chance that two differing ones are taken for the same
        key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if key in self._seen:
            return True
        self._seen.add(key)
        return False

    def _reason_to_skip(self, url: Url) -> str | None:
        if not (self._include or self._exclude):
            return None
        text = str(url)
        if self._include and not any(pattern.is_in(text) for pattern in self._include):
            return "matches no --include"
        for pattern in self._exclude:
            if pattern.is_in(text):
                return f"excluded by {pattern.text!r}"
        return None


def _read_base_url(text: str | None) -> Url | None:
    if text is None:
        return None
    try:
        return parse(text)
    except InvalidUrlError as error:
        raise SettingsError(f"--base-url is not an absolute http(s) URL: {error}") from None
