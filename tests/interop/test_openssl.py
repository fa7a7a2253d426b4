"""`openssl s_server` with ciphers, versions and protocols of other times."""

from __future__ import annotations

from typing import Any

import pytest

from tests.interop.conftest import StartOpenssl
from tests.support.daemons import DaemonError, Daemons
from tests.support.program import Urlcheck

pytestmark = pytest.mark.user

OLD_VERSIONS = {"TLS 1.0": "-tls1", "TLS 1.1": "-tls1_1"}
# how servers of 2010 are set up: without forward secrecy, or without authenticated encryption
OLD_CIPHERS = {
    "ECDHE with CBC-SHA": "ECDHE-RSA-AES128-SHA",
    "RSA key exchange": "AES128-GCM-SHA256",
    "RSA key exchange with CBC-SHA": "AES256-SHA",
}


async def check(urlcheck: Urlcheck, port: int, *options: str) -> dict[str, Any]:
    [record] = (await urlcheck("-o", "jsonl", *options, f"https://127.0.0.1:{port}/")).records
    return record


async def start_old(start_openssl: StartOpenssl, daemons: Daemons, *options: str) -> int:
    """The port of a server that speaks a protocol which OpenSSL may have dropped."""
    try:
        return await start_openssl(*options)
    except DaemonError as error:
        daemons.skip(f"this openssl does not serve {' '.join(options)}: {error}")
        raise


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
async def test_a_current_version_passes(start_openssl: StartOpenssl, urlcheck: Urlcheck, ca_file: str, version: str) -> None:
    record = await check(urlcheck, await start_openssl(version), "--ca-file", ca_file)
    assert (record["verdict"], record["status"]) == ("ok", 200)


@pytest.mark.parametrize("options", [["--ca-file"], ["--insecure"]], ids=["verified", "insecure"])
@pytest.mark.parametrize("cipher", OLD_CIPHERS.values(), ids=OLD_CIPHERS)
async def test_an_old_cipher_that_browsers_accept_passes(
    start_openssl: StartOpenssl, urlcheck: Urlcheck, ca_file: str, cipher: str, options: list[str]
) -> None:
    port = await start_openssl("-tls1_2", "-cipher", cipher)
    record = await check(urlcheck, port, *options, *([ca_file] if options == ["--ca-file"] else []))
    assert (record["verdict"], record["status"]) == ("ok", 200)


@pytest.mark.parametrize("version", OLD_VERSIONS)
async def test_an_old_version_is_refused_in_words(
    start_openssl: StartOpenssl, daemons: Daemons, urlcheck: Urlcheck, ca_file: str, version: str
) -> None:
    port = await start_old(start_openssl, daemons, OLD_VERSIONS[version], "-cipher", "ALL@SECLEVEL=0")
    record = await check(urlcheck, port, "--ca-file", ca_file)
    assert (record["verdict"], record["attempts"]) == ("tls", 1)
    # by what this OpenSSL offers: an offer of TLS 1.2 and 1.3 alone is answered by an alert, which does not name the version
    assert record["detail"] in ("the server speaks neither TLS 1.2 nor 1.3", f"the server speaks {version} alone")


async def test_a_server_of_http_2_alone_is_named(start_openssl: StartOpenssl, urlcheck: Urlcheck, ca_file: str) -> None:
    record = await check(urlcheck, await start_openssl("-alpn", "h2"), "--ca-file", ca_file)
    assert (record["verdict"], record["attempts"]) == ("tls", 1)
    assert "the server speaks HTTP/2 alone" in record["detail"]
