"""Decides which addresses are public, and which hosts of a URL are addresses in another spelling."""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache

from urlcheck.http.url import is_ip_address, is_localhost

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# not public, though `is_global` says so in one or another Python from 3.11 on: IANA's special-purpose registries
_NEVER_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "192.0.0.0/24",  # protocol assignments, RFC 6890
        "100::/64",  # discard, RFC 6666
        "2001::/23",  # protocol assignments, Teredo among them, RFC 2928
        "2001:db8::/32",  # documentation, RFC 3849
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
        "64:ff9b:1::/48",  # NAT64 of one's own, RFC 8215
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291, deprecated
# the form of a host that getaddrinfo and many proxies read as an IPv4 address; Url has no hosts of plain digits
_NUMBERS = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+))*")
# names that the hosts files of Debian and Fedora give to this machine, beside those of RFC 6761
_LOOPBACK_NAMES = frozenset(
    {"localhost.localdomain", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback", "localhost6.localdomain6"}
)


@lru_cache(maxsize=4096)
def is_public(text: str) -> bool:
    """Whether an IP address, with or without a zone, can only be a host of the public internet.

    An address that carries another one (IPv4-mapped, 6to4, NAT64) is as public as the one it carries.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return _is_public(_unwrap(address))


@lru_cache(maxsize=4096)
def read_address(host: str) -> str | None:
    """The IP address that a URL's host stands for without a name server, in any spelling; None for any other name."""
    name = host.removesuffix(".")
    if is_ip_address(name):
        return name.strip("[]")
    if is_localhost(name) or name in _LOOPBACK_NAMES:
        return "127.0.0.1"
    if _NUMBERS.fullmatch(name):
        with suppress(OSError):
            return socket.inet_ntoa(socket.inet_aton(name))  # 0x7f.1
    return None


def _unwrap(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address.sixtofour:
        return address.sixtofour
    if address in _NAT64 or address in _IPV4_COMPATIBLE:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _is_public(address: Address) -> bool:
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address.version == network.version and address in network for network in _NEVER_PUBLIC)


class RefusedAddressError(OSError):
    """An address that may not be connected to."""

    def __init__(self, message: str) -> None:
        super().__init__(errno.EACCES, message)


class AddressPolicy:
    """The rule of a run on addresses; `judge` says whether one is public."""

    def __init__(self, *, block_private: bool, judge: Callable[[str], bool] = is_public) -> None:
        self.block_private = block_private
        self.judge = judge

    def refusal(self, address: str, *, came_from: str | None) -> str | None:
        """Why an address may not be connected to; `came_from` names the public host, if one redirected to it."""
        if not (self.block_private or came_from) or self.judge(address):
            return None
        if self.block_private:
            return f"{address} is not a public address"
        return f"redirected from {came_from} to {address}, which is not public"

    def is_private(self, host: str) -> bool:
        """Whether a URL's host is itself an address, in any spelling, that is not public."""
        address = read_address(host)
        return address is not None and not self.judge(address)
