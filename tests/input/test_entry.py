from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlcheck.http.url import InvalidUrlError, Url, parse
from urlcheck.input.entry import mask_entry, parse_entry

BASE = parse("https://user:secret@example.org/docs/index.html")
HOSTS = st.from_regex(r"[a-zA-Z0-9]([a-z0-9-]{0,9}[a-z0-9])?(\.[a-z]{2,9}){1,2}", fullmatch=True)
TARGETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"))


def find_reason(text: str, base: Url | None) -> str | None:
    """Why a text is no URL; None where it is one."""
    try:
        parse_entry(text, base)
    except InvalidUrlError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("http://example.org/", "http://example.org/"),
        ("HTTPS://Example.org/Page", "https://example.org/Page"),
        ("example.org", "https://example.org/"),
        ("example.org/page?q#f", "https://example.org/page?q#f"),
        ("example.org:8443/page", "https://example.org:8443/page"),
        ("example.org:8443", "https://example.org:8443/"),
        ("example.org:80?q", "https://example.org:80/?q"),
        ("example.org:80#f", "https://example.org:80/#f"),
        ("example.org/a:b", "https://example.org/a:b"),
        ("bücher.example", "https://xn--bcher-kva.example/"),
        ("intranet", "https://intranet/"),
        ("localhost", "http://localhost/"),
        ("LOCALHOST.:8080/x", "http://localhost.:8080/x"),
        ("app.localhost:3000", "http://app.localhost:3000/"),
        ("localhost.example.org", "https://localhost.example.org/"),
        ("notlocalhost", "https://notlocalhost/"),
        ("127.0.0.1:8080/x", "http://127.0.0.1:8080/x"),
        ("192.0.2.7", "http://192.0.2.7/"),
        ("[::1]:8080/x", "http://[::1]:8080/x"),
        ("https://127.0.0.1/", "https://127.0.0.1/"),
    ],
)
def test_an_entry_without_a_scheme_is_https_or_http_on_this_machine_and_for_addresses(entry: str, url: str) -> None:
    assert str(parse_entry(entry)) == url


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("/page", "https://example.org/page"),
        ("/a/../b", "https://example.org/a/../b"),
        ("//example.net/page", "https://example.net/page"),
        ("./page", "https://example.org/docs/page"),
        ("../page", "https://example.org/page"),
        ("?q=1", "https://example.org/docs/index.html?q=1"),
        (".", "https://example.org/docs/"),
        ("..", "https://example.org/"),
        ("page", "https://page/"),
        ("http://example.net/", "http://example.net/"),
    ],
)
def test_a_relative_entry_is_resolved_against_the_base_url(entry: str, url: str) -> None:
    assert str(parse_entry(entry, BASE)) == url


@pytest.mark.parametrize(("entry", "credentials"), [("/page", ("user", "secret")), ("//example.net/", None)])
def test_the_base_urls_credentials_stay_with_its_origin(entry: str, credentials: tuple[str, str] | None) -> None:
    url = parse_entry(entry, BASE)
    assert url.credentials == credentials


@pytest.mark.parametrize("entry", ["/page", "//example.net/", "./page", "../page", "?q=1", ".", ".."])
def test_a_relative_entry_without_a_base_url_is_invalid(entry: str) -> None:
    with pytest.raises(InvalidUrlError, match=r"^relative, and no base URL is given$"):
        parse_entry(entry)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("", "empty"),
        ("caf\udce9.example", "not UTF-8"),
        ("https://example.org/\ud83d", "not UTF-8"),
        ("ftp://example.org/file", "unsupported scheme 'ftp'"),
        ("http+unix://%2Frun%2Fapp.sock/x", "unsupported scheme 'http+unix'; a Unix socket is an option of its own"),
        ("mailto:someone@example.org", "unsupported scheme 'mailto'"),
        ("javascript:alert(1)", "unsupported scheme 'javascript'"),
        ("data:text/plain,hello", "unsupported scheme 'data'"),
        ("tel:911", "unsupported scheme 'tel'"),
        ("TEL:911", "unsupported scheme 'tel'"),
        ("sms:12345", "unsupported scheme 'sms'"),
        ("averyveryveryverylongscheme:x", "unsupported scheme 'averyveryveryverylon'"),
        ("https:", "no host"),
        ("https:/example.org", "no host"),
        ("#top", "no host"),
        ("two words", "a blank inside"),
        ("example.org/\x1b[31m", "a control character inside"),
        ("example..org", "an empty label in the host name"),
        (f"{'a' * 64}.org", "a label longer than 63 characters in the host name"),
        ("example.org:0", "the port is not a number from 1 to 65535"),
        ("example.org:99999/x", "the port is not a number from 1 to 65535"),
        ("<html>", "'<' stands before the URL; remove it"),
        ("<http://a.example>", "'<' stands before the URL; remove it"),
        ('"http://a.example"', "'\"' stands before the URL; remove it"),
        ("\N{LEFT DOUBLE QUOTATION MARK}a.example", "'\N{LEFT DOUBLE QUOTATION MARK}' stands before the URL; remove it"),
        ("a.example,200,OK", "',' cannot be part of a host name; remove it"),
        ("1,http://a.example", "',' cannot be part of a host name; remove it"),
        ("localhost:abc/", "the port is not a number from 1 to 65535"),
        ("http//a.example", "the colon after http is missing"),
        ("HTTPS//a.example", "the colon after HTTPS is missing"),
        ("999.999.999.999", "a host of digits that is not a dotted IPv4 address"),
    ],
)
def test_a_text_that_is_not_a_url_is_invalid_with_the_reason(entry: str, reason: str) -> None:
    with pytest.raises(InvalidUrlError) as invalid:
        parse_entry(entry)
    assert str(invalid.value) == reason


@given(st.text(st.characters()), st.sampled_from([None, BASE]))
def test_every_text_is_a_url_or_invalid_with_a_reason(text: str, base: Url | None) -> None:
    assert find_reason(text, base) != ""


@given(HOSTS, st.sampled_from(["", "http://", "https://", "http://user:secret@"]), TARGETS)
def test_an_entrys_host_path_and_query_are_those_that_were_written(host: str, prefix: str, target: str) -> None:
    url = parse_entry(f"{prefix}{host}/{target}")
    assert (url.host, url.target) == (host.lower(), f"/{target}")


@given(st.text("aZ1.-_:/@?%[]\\&="))
def test_no_entry_is_repaired_into_another_url(text: str) -> None:
    try:
        url = parse_entry(f"http://{text}")
    except InvalidUrlError:
        return
    assert url.host in text.lower()
    assert text.endswith(url.target[1:])


@pytest.mark.parametrize(
    ("entry", "masked"),
    [
        ("example.org/page", "example.org/page"),
        ("https://user:hunter2@example.org/", "https://user:****@example.org/"),
        ("https://user:hunter2@example.org/ two", "https://user:****@example.org/ two"),
    ],
)
def test_the_secrets_of_an_entry_are_masked_even_if_it_is_invalid(entry: str, masked: str) -> None:
    assert mask_entry(entry) == masked
