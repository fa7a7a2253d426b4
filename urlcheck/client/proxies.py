"""Chooses the proxy of a request: `--proxy`, else `HTTP_PROXY`, `HTTPS_PROXY` or `ALL_PROXY`; none for hosts in `NO_PROXY`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.request import getproxies_environment, proxy_bypass_environment  # type: ignore[attr-defined]

from aiohttp import hdrs
from yarl import URL

from urlcheck.client.credentials import encode_basic
from urlcheck.http.url import InvalidUrlError, Url, is_ip_address, parse
from urlcheck.model.errors import SettingsError


class Proxy:
    """A proxy's URL without its credentials, and the header that carries those."""

    def __init__(self, url: Url) -> None:
        self.url = URL.build(scheme=url.scheme, authority=url.authority, path="/", encoded=True)
        self.headers = {hdrs.PROXY_AUTHORIZATION: encode_basic(*url.credentials)} if url.credentials else {}


class Proxies:
    """The proxies of a run. Raises `SettingsError` for one that cannot be used."""

    def __init__(self, proxy: str | None) -> None:
        environment = getproxies_environment()
        bypass = environment.get("no", "").strip()
        self._bypass = {"no": bypass} if bypass else {}
        self._networks = [*_read_networks(bypass)]
        self._by_scheme: dict[str, Proxy] = {}
        for scheme in ("http", "https"):
            where = scheme if environment.get(scheme) else "all"
            text = environment.get(where) if proxy is None else proxy
            if text:
                self._by_scheme[scheme] = _read_proxy(text, f"{where.upper()}_PROXY" if proxy is None else "proxy")

    def __bool__(self) -> bool:
        """Whether any request may go through a proxy."""
        return bool(self._by_scheme) and self._bypass.get("no") != "*"

    def choose(self, url: Url) -> Proxy | None:
        """The proxy for a URL; None where it is asked directly."""
        if not self._by_scheme:
            return None
        host = url.host.strip("[]")
        if proxy_bypass_environment(f"{host}:{url.port}", self._bypass) or self._is_in_network(host):
            return None
        return self._by_scheme.get(url.scheme)

    def _is_in_network(self, host: str) -> bool:
        """`NO_PROXY=10.0.0.0/8`, which curl understands and the standard library does not."""
        if not (self._networks and is_ip_address(host)):
            return False
        address = ip_address(host)
        return any(address.version == network.version and address in network for network in self._networks)


def _read_networks(text: str) -> Iterator[IPv4Network | IPv6Network]:
    for entry in text.split(","):
        if "/" in entry:
            with suppress(ValueError):
                yield ip_network(entry.strip(), strict=False)


def _read_proxy(text: str, name: str) -> Proxy:
    try:
        return Proxy(parse(text if "://" in text else f"http://{text}"))
    except InvalidUrlError as error:
        raise SettingsError(name, f"not the URL of an http or https proxy: {error}") from None
