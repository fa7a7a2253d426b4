"""Finds a user's secrets in headers, credentials, URLs and bodies. `Secrets` hides them where a server sends them back."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import unquote, unquote_plus
from urllib.request import getproxies_environment

from urlcheck.model.errors import SettingsError, UrlcheckError
from urlcheck.settings.netrc import find_netrc, read_netrc
from urlcheck.settings.scopes import CheckSettings
from urlcheck.text.safe import list_secret_values
from urlcheck.text.secret_names import LONG, is_secret, is_secret_header
from urlcheck.text.secrets import Secrets, hide, hiding
from urlcheck.text.url_secrets import SHORTEST, list_in_credentials, list_in_userinfo, make_secrets

_FIELDS = ("headers", "user", "netrc", "proxy", "data", "expect_headers")
_WITH_SCHEME = re.compile(r"([A-Za-z][\w-]*) +(.+)")
_AUTHORITY = re.compile(r"(?:^|//)([^\s/?#]*)@")
# `NAME=VALUE` in a cookie or in the parameters of a scheme; a quoted value may hold anything
_PARAMETER = re.compile(r'([^\s;,="]+)=(?:"([^"]*)"|([^\s;,"]+))')


@contextmanager
def keeping_secrets(settings: Iterable[CheckSettings]) -> Iterator[None]:
    """A context in which no report shows the secrets of the settings, nor does an error that leaves the context."""
    with hiding(find_secrets_of(settings)):
        try:
            yield
        except UrlcheckError as error:
            if isinstance(error, SettingsError):
                error.reason = hide(error.reason)
            else:
                error.args = (hide(str(error)),)
            raise


def find_secrets_of(settings: Iterable[CheckSettings]) -> Secrets:
    """The secrets in the settings of checks, and in the proxies of the environment."""
    return find_secrets({name: getattr(each, name) for name in _FIELDS} for each in settings)


def find_secrets(told: Iterable[Mapping[str, Any]]) -> Secrets:
    """The secrets in some of the fields of `Settings`, by name, and in the proxies of the environment."""
    found = {text for fields in told for text in _list_told(fields)}
    for proxy in getproxies_environment().values():
        found.update(_list_in_url(proxy))
    return make_secrets(found)


def _list_told(fields: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields.get("headers") or ():
        if is_secret_header(name, value):
            yield from _list_in_header(value)
    for name, value in fields.get("expect_headers") or ():
        if is_secret_header(name, value) and not value.startswith("~"):
            yield value
    if user := fields.get("user"):
        yield from list_in_credentials(*user)
    if proxy := fields.get("proxy"):
        yield from _list_in_url(proxy)
    if fields.get("netrc"):
        yield from _list_in_netrc()
    for data in _list_bodies(fields):
        yield from _list_in_body(data)


def _list_bodies(fields: Mapping[str, Any]) -> Iterable[bytes]:
    """The body of `Settings`; or, of the command's parameters, that of `--json` or the parts of `--data`."""
    data = fields.get("data") or fields.get("json") or ()
    return (data,) if isinstance(data, bytes) else data


def _list_in_header(value: str) -> Iterator[str]:
    """The value without its scheme; the credentials in the Base64 of `Basic`; the cookies and parameters that are secrets."""
    scheme, rest = found.groups() if (found := _WITH_SCHEME.fullmatch(value)) else ("", value)
    yield rest if len(rest) >= SHORTEST else value
    if scheme.lower() == "basic":
        with suppress(ValueError):
            name, _, password = b64decode(rest, validate=True).decode("utf-8", "surrogateescape").partition(":")
            yield from list_in_credentials(name, password)
        return
    for key, quoted, plain in _PARAMETER.findall(value):
        text = quoted or plain
        if is_secret(key, text) or len(text) >= LONG:
            yield text
            yield unquote(text)


def _list_in_url(url: str) -> Iterator[str]:
    for userinfo in _AUTHORITY.findall(url):
        yield from list_in_userinfo(userinfo)


def _list_in_netrc() -> Iterator[str]:
    if not find_netrc().is_file():  # a pipe can be read once, by the client
        return
    try:
        hosts = read_netrc().hosts.values()
    except SettingsError:  # the client raises it too
        return
    for login, _, password in hosts:
        yield from list_in_credentials(login, password or "")


def _list_in_body(data: bytes) -> Iterator[str]:
    """The values of secret keys in a form, or of secret names in JSON."""
    text = data.decode("utf-8", "surrogateescape")
    if text.lstrip()[:1] in ("{", "["):
        try:
            yield from _list_in_json(json.loads(text))
        except (ValueError, RecursionError):
            return
    else:
        for value in list_secret_values(f"?{text}"):
            yield unquote_plus(value)


def _list_in_json(value: object, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _list_in_json(member, name)
    elif isinstance(value, list):
        for member in value:
            yield from _list_in_json(member, key)
    elif isinstance(value, str) and is_secret(key, value):
        yield value
