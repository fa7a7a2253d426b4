"""Every address that is not a host of the public internet, in every spelling that carries it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlcheck.client.address_policy import is_public, read_address

# IANA's registry of special IPv4 addresses, and multicast: the first and the last of each range
SPECIAL_IPV4 = [
    pytest.param("0.0.0.0", id="this host"),
    pytest.param("0.255.255.255", id="this network"),
    pytest.param("10.0.0.0", id="private, RFC 1918"),
    pytest.param("10.255.255.255", id="private, RFC 1918, last"),
    pytest.param("100.64.0.0", id="shared, RFC 6598"),
    pytest.param("100.127.255.255", id="shared, RFC 6598, last"),
    pytest.param("127.0.0.1", id="loopback"),
    pytest.param("127.255.255.255", id="loopback, last"),
    pytest.param("169.254.0.0", id="link-local"),
    pytest.param("169.254.169.254", id="the metadata service of a cloud"),
    pytest.param("169.254.255.255", id="link-local, last"),
    pytest.param("172.16.0.0", id="private, RFC 1918, second"),
    pytest.param("172.31.255.255", id="private, RFC 1918, second, last"),
    pytest.param("192.0.0.0", id="protocol assignments"),
    pytest.param("192.0.0.8", id="dummy address"),
    pytest.param("192.0.0.170", id="discovery of NAT64"),
    pytest.param("192.0.0.255", id="protocol assignments, last"),
    pytest.param("192.0.2.0", id="documentation 1"),
    pytest.param("192.0.2.255", id="documentation 1, last"),
    pytest.param("192.88.99.1", id="6to4 relay"),
    pytest.param("192.88.99.255", id="6to4 relay, last"),
    pytest.param("192.168.0.0", id="private, RFC 1918, third"),
    pytest.param("192.168.255.255", id="private, RFC 1918, third, last"),
    pytest.param("198.18.0.0", id="benchmarking"),
    pytest.param("198.19.255.255", id="benchmarking, last"),
    pytest.param("198.51.100.1", id="documentation 2"),
    pytest.param("203.0.113.255", id="documentation 3"),
    pytest.param("224.0.0.1", id="multicast"),
    pytest.param("233.252.0.1", id="multicast, documentation"),
    pytest.param("239.255.255.255", id="multicast, last"),
    pytest.param("240.0.0.0", id="reserved"),
    pytest.param("255.255.255.254", id="reserved, last"),
    pytest.param("255.255.255.255", id="broadcast"),
]
PUBLIC_IPV4 = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "93.184.215.14",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.88.98.1",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.112.255",
    "223.255.255.254",
]

SPECIAL_IPV6 = [
    pytest.param("::", id="unspecified"),
    pytest.param("::1", id="loopback"),
    pytest.param("::2", id="next to loopback"),
    pytest.param("0:0:0:0:0:0:0:1", id="loopback, written out"),
    pytest.param("::ffff:0:8.8.8.8", id="IPv4-translated"),
    pytest.param("64:ff9b:1::808:808", id="NAT64 of one's own"),
    pytest.param("64:ff9b:0:1::808:808", id="beside NAT64"),
    pytest.param("100::", id="discard"),
    pytest.param("100::ffff:ffff:ffff:ffff", id="discard, last"),
    pytest.param("100:0:0:1::1", id="dummy prefix"),
    pytest.param("2001::", id="Teredo"),
    pytest.param("2001:0:4136:e378:8000:63bf:3fff:fdd2", id="Teredo, of a public client"),
    pytest.param("2001:2::1", id="benchmarking"),
    pytest.param("2001:10::1", id="ORCHID"),
    pytest.param("2001:20::1", id="ORCHIDv2"),
    pytest.param("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", id="protocol assignments, last"),
    pytest.param("2001:db8::1", id="documentation"),
    pytest.param("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", id="documentation, last"),
    pytest.param("3fff::1", id="documentation, RFC 9637"),
    pytest.param("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", id="documentation, RFC 9637, last"),
    pytest.param("4000::1", id="not assigned"),
    pytest.param("5f00::1", id="segment routing"),
    pytest.param("fc00::1", id="unique local"),
    pytest.param("fd12:3456:789a::1", id="unique local, random"),
    pytest.param("fd00:ec2::254", id="the metadata service of a cloud"),
    pytest.param("fe80::1", id="link-local"),
    pytest.param("fe80::1%eth0", id="link-local with a zone"),
    pytest.param("fe80::1%25", id="link-local with a zone in digits"),
    pytest.param("febf:ffff::1", id="link-local, last"),
    pytest.param("fec0::1", id="site-local"),
    pytest.param("feff::1", id="site-local, last"),
    pytest.param("ff02::1", id="multicast"),
    pytest.param("ff0e::1", id="multicast, global"),
]
PUBLIC_IPV6 = [
    "2001:200::1",
    "2001:4860:4860::8888",
    "2400:cb00::1",
    "2606:4700:4700::1111",
    "2620:fe::fe",
    "2a00:1450::1",
    "2A00:1450::1",
    "2c0f:fb50::1",
    "3ffe:ffff::1",
    "2001:db7:ffff::1",
    "2001:db9::1",
]

# how an IPv6 address carries an IPv4 one
EMBEDDINGS: dict[str, Callable[[int], ipaddress.IPv6Address]] = {
    "IPv4-mapped": lambda ipv4: ipaddress.IPv6Address((0xFFFF << 32) | ipv4),
    "IPv4-compatible": ipaddress.IPv6Address,
    "6to4": lambda ipv4: ipaddress.IPv6Address((0x2002 << 112) | (ipv4 << 80) | 1),
    "NAT64": lambda ipv4: ipaddress.IPv6Address((0x64FF9B << 96) | ipv4),
}


@pytest.fixture(params=EMBEDDINGS)
def embedding(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def embed(address: str, embedding: str) -> str:
    return str(EMBEDDINGS[embedding](int(ipaddress.IPv4Address(address))))


@pytest.mark.parametrize("address", [*SPECIAL_IPV4, *SPECIAL_IPV6])
def test_a_special_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", [*PUBLIC_IPV4, *PUBLIC_IPV6])
def test_a_host_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", SPECIAL_IPV4)
def test_a_special_address_is_not_public_within_another(address: str, embedding: str) -> None:
    assert not is_public(embed(address, embedding))


@pytest.mark.parametrize("address", PUBLIC_IPV4)
def test_a_public_address_is_public_within_another(address: str, embedding: str) -> None:
    assert is_public(embed(address, embedding))


@pytest.mark.parametrize(
    "spelling",
    ["::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:FFFF:7F00:0001", "::127.0.0.1", "64:ff9b::127.0.0.1", "2002:7f00:1::"],
)
def test_loopback_is_not_public_in_any_spelling_of_ipv6(spelling: str) -> None:
    assert not is_public(spelling)


@pytest.mark.parametrize(
    "text", ["", "localhost", "127.1", "0x7f.1", "2130706433", "8.8.8.8:80", "[2606:4700::1111]", "8.8.8"]
)
def test_what_is_not_an_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("[2606:4700::1111]", "2606:4700::1111"),
        ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0x7f.1.", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0177.0.0x0.1", "127.0.0.1"),
        ("0x8080808", "8.8.8.8"),
        ("localhost", "127.0.0.1"),
        ("a.localhost.", "127.0.0.1"),
        ("ip6-loopback", "127.0.0.1"),
        ("0x", None),
        ("0x17f000001", None),
        ("0x7f.example", None),
        ("example.0x7f", None),
        ("notlocalhost", None),
        ("example.org", None),
    ],
)
def test_a_host_that_is_an_address_is_read_in_any_spelling(host: str, address: str | None) -> None:
    assert read_address(host) == address


@given(st.ip_addresses(v=4))
def test_no_address_is_more_public_than_the_standard_library_says(address: ipaddress.IPv4Address) -> None:
    assert address.is_global or not is_public(str(address))


@given(st.text())
def test_no_text_is_too_odd_to_be_judged(text: str) -> None:
    assert is_public(text) in (True, False)
    assert isinstance(read_address(text), str | None)
