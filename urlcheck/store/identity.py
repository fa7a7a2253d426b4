"""Hashes that stand for URLs, requests, settings and inputs in a state file. Each is keyed with the file's own key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import fields
from hashlib import blake2b
from typing import NamedTuple
from urllib.request import getproxies_environment

from urlcheck.settings.field import Scope
from urlcheck.settings.netrc import find_netrc
from urlcheck.settings.scopes import CheckSettings

# bytes: of the number of a URL, which has 63 bits; of one that tells a few kinds of request apart; of an identity
_URL_BYTES, _KIND_BYTES, _WHOLE_BYTES = 8, 6, 16
_PREFIX_BYTES = 16
_MOST = (1 << 63) - 1

# a stored answer is that to another request where these differ; all other settings are judged by the answer itself
_ASKED = (
    *("method", "data", "headers", "user_agent", "user", "netrc"),
    *("proxy", "ca_file", "cert", "key", "resolve", "unix_socket", "ip_version"),
)
# they are judged by parts of an answer that are not stored, so it is stored that they were met
_EXPECTED = ("expect_headers", "expect_text", "expect_regex", "expect_json", "max_body")


def make_identify(key: bytes) -> Callable[[str], int]:
    """A function that gives a text a number above 0, of 63 bits: two texts do not share one by chance."""
    key = key[:_PREFIX_BYTES]

    def identify(text: str) -> int:
        # a prefix makes BLAKE2 a keyed hash as well, and saves a block for most URLs
        digest = blake2b(key + text.encode("utf-8", "surrogatepass"), digest_size=_URL_BYTES).digest()
        return int.from_bytes(digest, "big") & _MOST or 1

    return identify


class Asked(NamedTuple):
    """The requests of a check: numbers for the request and the expectations, and flags.

    `accepts_walls`: the answer of a bot wall may pass.
    """

    request: int
    expectations: int
    insecure: bool
    block_private: bool
    accepts_walls: bool


class Requests:
    """The numbers of the requests of each check of a run, whose list may grow."""

    def __init__(self, key: bytes, checks: Sequence[CheckSettings]) -> None:
        self._key = key
        self._checks = checks
        self._asked: list[Asked] = []

    def find(self, check: int) -> Asked:
        """Those of the settings with this number."""
        if check < len(self._asked):
            return self._asked[check]
        for settings in self._checks[len(self._asked) : check + 1]:
            request, expected = name_request(self._key, settings), name_expectations(self._key, settings)
            flags = settings.insecure, settings.block_private, settings.accept is not None
            self._asked.append(Asked(request, expected, *flags))
        return self._asked[check]


def name_request(key: bytes, settings: CheckSettings) -> int:
    """A number for everything that the answer depends on: settings, proxies of the environment, and the file of netrc."""
    return _number(key, [*_list_values(settings, _ASKED), *_list_surroundings(settings)])


def _list_surroundings(settings: CheckSettings) -> Iterator[tuple[str, object]]:
    """Proxies of the environment and the credentials of netrc, where the settings use them."""
    proxies = getproxies_environment()
    if settings.proxy is None and not settings.unix_socket and any(proxies.get(name) for name in ("http", "https", "all")):
        yield "proxies", sorted(proxies.items())
    if settings.netrc:
        with suppress(OSError):  # the run says what is wrong with it
            yield "netrc", find_netrc().read_bytes()


def name_expectations(key: bytes, settings: CheckSettings) -> int:
    """A number for the expectations of content; 0 for none."""
    if not (settings.expects_body or settings.expect_headers):
        return 0
    return _number(key, _list_values(settings, _EXPECTED)) or 1


def name_settings(key: bytes, scopes: Iterable[Scope], *others: object) -> bytes:
    """The identity of the settings of a run."""
    texts = [repr(_list_values(scope, [field.name for field in fields(scope)])) for scope in scopes]
    return _hash(key, [*texts, repr(others)], _WHOLE_BYTES)


def name_inputs(key: bytes, parts: Iterable[str]) -> bytes:
    """The identity of the inputs of a run, each described by a text."""
    return _hash(key, parts, _WHOLE_BYTES)


def _list_values(scope: Scope, names: Iterable[str]) -> list[tuple[str, object]]:
    values = ((name, getattr(scope, name)) for name in names)
    return [(name, sorted(value) if isinstance(value, frozenset) else value) for name, value in values]


def _number(key: bytes, value: object) -> int:
    return int.from_bytes(_hash(key, [repr(value)], _KIND_BYTES), "big")


def _hash(key: bytes, texts: Iterable[str], size: int) -> bytes:
    hashing = blake2b(key=key, digest_size=size)
    for text in texts:
        part = text.encode("utf-8", "surrogatepass")
        hashing.update(len(part).to_bytes(8, "big") + part)
    return hashing.digest()
