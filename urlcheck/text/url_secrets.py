"""The secrets in a URL: its credentials, and the values of query keys that are known to hold secrets."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from functools import lru_cache
from urllib.parse import unquote, unquote_plus

from urlcheck.text.safe import MASK, list_secret_values
from urlcheck.text.secrets import Secrets

# a shorter text stands in too many others by chance: to hide it would spoil them
SHORTEST = 6


@lru_cache(maxsize=256)
def find_secrets_of_url(userinfo: str | None, target: str) -> Secrets:
    """The secrets that a request for a URL sends: its credentials, and the values of secret keys in its query."""
    found = set(list_in_userinfo(userinfo)) if userinfo else set()
    for value in list_secret_values(target):
        found |= {value, unquote_plus(value)}
    return make_secrets(found)


def make_secrets(texts: Iterable[str]) -> Secrets:
    """Secrets that are shown as `****`; texts that are too short are left out."""
    return Secrets({text: MASK for text in texts if len(text) >= SHORTEST})


def list_in_credentials(name: str, password: str) -> Iterator[str]:
    """The password, and the Base64 of a pair that is too short to be hidden; a name without a password is a token."""
    yield password or name
    yield f"{name}:{password}"
    yield b64encode(f"{name}:{password}".encode("utf-8", "surrogateescape")).decode()


def list_in_userinfo(userinfo: str) -> Iterator[str]:
    """The same of the credentials in a URL, as they are written and as they are sent."""
    name, _, password = userinfo.partition(":")
    yield from (password or name, userinfo)
    yield from list_in_credentials(unquote(name), unquote(password))
