from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlcheck.http.url import InvalidUrlError, is_ip_address, is_localhost, parse, resolve

SENDABLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#")
PRINTABLE = st.characters(exclude_categories=["Cc", "Cs"], exclude_characters=" #")
ANYTHING = st.text(st.characters())  # lone surrogates too

BASE = parse("http://a/b/c/d;p?q")  # of RFC 3986, 5.4
PRIVATE_BASE = parse("https://user:secret@example.org/dir/page")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a/../b",
        "http://example.org/./a//b/.",
        "http://example.org/%27%2f",
        "http://example.org/%zz%",
        "http://example.org/?",
        "http://example.org/?a=b&&c?d=/../e+f",
        'http://example.org/;p=1,2|{}^`"<>\\',
        "http://example.org/~user/('!*$@:",
        "http://example.org/a#fragment?/#",
        "http://example.org/#",
    ],
)
def test_path_query_and_fragment_are_kept_as_they_were_written(url: str) -> None:
    assert str(parse(url)) == url


@given(st.text(SENDABLE))
def test_no_byte_of_an_ascii_target_is_touched(text: str) -> None:
    assert parse(f"http://example.org/{text}").target == f"/{text}"


@given(st.text(PRINTABLE))
def test_what_lies_beyond_ascii_is_percent_encoded_and_nothing_else(text: str) -> None:
    target = parse(f"http://example.org/{text}").target
    assert target.isascii()
    assert unquote_to_bytes(target) == unquote_to_bytes(f"/{text}")


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://example.org", "/"),
        ("http://example.org?q=1", "/?q=1"),
        ("http://example.org?", "/?"),
        ("http://example.org#top", "/"),
        ("http://example.org/a#top", "/a"),
        ("http://example.org/straße?q=ü%FC", "/stra%C3%9Fe?q=%C3%BC%FC"),
        ("http://example.org/\N{NO-BREAK SPACE}", "/%C2%A0"),
    ],
)
def test_the_request_target_is_path_and_query(url: str, target: str) -> None:
    assert parse(url).target == target


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("Example.ORG", "example.org"),
        ("example.org.", "example.org."),
        ("under_score.example.org", "under_score.example.org"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("straße.example", "xn--strae-oqa.example"),
        ("例え。jp", "xn--r8jz45g.jp"),
        ("under_score.bücher.example", "under_score.xn--bcher-kva.example"),
        ("192.0.2.7", "192.0.2.7"),
        ("\N{FULLWIDTH DIGIT ONE}92.0.2.7", "192.0.2.7"),
        ("[::1]", "[::1]"),
        ("[2001:DB8::7]", "[2001:db8::7]"),
        ("[::ffff:192.0.2.7]", "[::ffff:192.0.2.7]"),
        ("a" * 63 + ".example", "a" * 63 + ".example"),
    ],
)
def test_the_host_is_lower_case_ascii(text: str, host: str) -> None:
    assert parse(f"http://{text}/").host == host


@pytest.mark.parametrize(
    ("url", "port", "authority"),
    [
        ("http://example.org/", 80, "example.org"),
        ("https://example.org/", 443, "example.org"),
        ("HTTPS://example.org:443/", 443, "example.org"),
        ("http://example.org:443/", 443, "example.org:443"),
        ("http://example.org:/", 80, "example.org"),
        ("http://example.org:0080/", 80, "example.org"),
        ("http://example.org:65535/", 65535, "example.org:65535"),
        ("http://[::1]:8080/", 8080, "[::1]:8080"),
    ],
)
def test_the_port_is_said_where_it_is_not_the_schemes_own(url: str, port: int, authority: str) -> None:
    assert (parse(url).port, parse(url).authority) == (port, authority)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("example.org/page", "no scheme"),
        ("http:example.org", "no host"),
        ("http:///page", "no host"),
        ("http://:80/", "no host"),
        ("http://user@/", "no host"),
        ("http://example.org/a b", "a blank inside"),
        ("http://example.org/a\tb", "a blank inside"),
        ("http://example.org/a\nb", "a control character inside"),
        ("http://example.org/\x00", "a control character inside"),
        ("http://example.org/\x7f", "a control character inside"),
        ("http://example.org/\x9b", "a control character inside"),
        ("http://[::1/", "malformed host"),
        ("http://[::1]x/", "malformed host"),
        ("http://[::g]/", "a malformed IPv6 address"),
        ("http://[192.0.2.7]/", "a malformed IPv6 address"),
        ("http://[fe80::1%25eth0]/", "an IPv6 zone, which a URL cannot carry reliably"),
        ("http://exa%6dple.org/", "'%' cannot be part of a host name; remove it"),
        ("http://exam\\ple.org/", "'\\' cannot be part of a host name; remove it"),
        ("http://example..org/", "an empty label in the host name"),
        ("http://.example.org/", "an empty label in the host name"),
        ("http://./", "an empty label in the host name"),
        (f"http://{'a' * 64}.org/", "a label longer than 63 characters in the host name"),
        (f"http://{'a.' * 127}a/", "a host name longer than 253 characters"),
        ("http://192.0.2/", "a host of digits that is not a dotted IPv4 address"),
        ("http://192.0.2.256/", "a host of digits that is not a dotted IPv4 address"),
        ("http://2130706433/", "a host of digits that is not a dotted IPv4 address"),
        ("http://bü\u202echer.example/", "a host name that IDNA does not allow"),
        ("http://example.org:0/", "the port is not a number from 1 to 65535"),
        ("http://example.org:65536/", "the port is not a number from 1 to 65535"),
        ("ftp://example.org/", "unsupported scheme 'ftp'"),
        ("file:///etc/hosts", "unsupported scheme 'file'"),
    ],
)
def test_what_cannot_be_requested_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(InvalidUrlError) as refusal:
        parse(url)
    assert str(refusal.value) == reason


@pytest.mark.parametrize("port", ["-1", "+80", "8_0", "0x50", "\N{FULLWIDTH DIGIT EIGHT}0", "80:80", "9" * 5000])
def test_a_port_that_is_not_plain_digits_in_range_is_refused(port: str) -> None:
    with pytest.raises(InvalidUrlError, match="is not a number from 1 to 65535"):
        parse(f"http://example.org:{port}/")


@pytest.mark.parametrize("url", ["https://admin:hunter2/x@example.org/", "https://admin:hunter2#@example.org/"])
def test_a_password_that_is_taken_for_a_port_is_not_in_the_reason(url: str) -> None:
    with pytest.raises(InvalidUrlError) as refusal:
        parse(url)
    assert "hunter2" not in str(refusal.value)


@given(ANYTHING)
def test_a_text_is_a_url_or_refused_with_a_reason(text: str) -> None:
    for url in (text, f"http://{text}", f"http://example.org:{text}", f"http://example.org/{text}"):
        try:
            parsed = parse(url)
        except InvalidUrlError as refusal:
            assert str(refusal)  # noqa: PT017 - either way is right
        else:
            assert parsed.host
            assert (parsed.host + parsed.target).isascii()


@pytest.mark.parametrize(
    ("url", "credentials"),
    [
        ("http://example.org/", None),
        ("http://user:secret@example.org/", ("user", "secret")),
        ("http://token@example.org/", ("token", "")),
        ("http://u%40x:p%3Aw%2F@example.org/", ("u@x", "p:w/")),
        ("http://user:a:b@example.org/", ("user", "a:b")),
        ("http://user@mail:secret@example.org/", ("user@mail", "secret")),
    ],
)
def test_credentials_are_read_from_the_url(url: str, credentials: tuple[str, str] | None) -> None:
    assert parse(url).credentials == credentials
    assert parse(url).host == "example.org"


def test_credentials_are_never_written_with_the_url() -> None:
    assert str(parse("http://user:secret@example.org/a#b")) == "http://example.org/a#b"


@pytest.mark.parametrize(
    ("host", "expected"), [("192.0.2.7", True), ("[::1]", True), ("example.org", False), ("0x7f.1", False), ("192.0.2", False)]
)
def test_an_ip_address_is_told_from_a_name(host: str, expected: bool) -> None:  # noqa: FBT001
    assert is_ip_address(host) is expected


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g/"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y", "http://a/b/c/g?y"),
        ("#s", "http://a/b/c/d;p?q#s"),
        ("g#s", "http://a/b/c/g#s"),
        ("g?y#s", "http://a/b/c/g?y#s"),
        (";x", "http://a/b/c/;x"),
        ("g;x", "http://a/b/c/g;x"),
        ("g;x?y#s", "http://a/b/c/g;x?y#s"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("./", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../..", "http://a/"),
        ("../../", "http://a/"),
        ("../../g", "http://a/g"),
        ("../../../g", "http://a/g"),
        ("../../../../g", "http://a/g"),
        ("g.", "http://a/b/c/g."),
        (".g", "http://a/b/c/.g"),
        ("g..", "http://a/b/c/g.."),
        ("..g", "http://a/b/c/..g"),
        ("./../g", "http://a/b/g"),
        ("./g/.", "http://a/b/c/g/"),
        ("g/./h", "http://a/b/c/g/h"),
        ("g/../h", "http://a/b/c/h"),
        ("g;x=1/./y", "http://a/b/c/g;x=1/y"),
        ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/./x", "http://a/b/c/g?y/./x"),
        ("g?y/../x", "http://a/b/c/g?y/../x"),
        ("g#s/./x", "http://a/b/c/g#s/./x"),
        ("g#s/../x", "http://a/b/c/g#s/../x"),
    ],
)
def test_references_resolve_as_rfc_3986_says(reference: str, url: str) -> None:
    assert str(resolve(BASE, reference)) == url


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("/en/../docs/", "http://a/docs/"),
        ("/g/..", "http://a/"),
        ("/g/h/.", "http://a/g/h/"),
        ("/a//../b", "http://a/a/b"),
        ("/../..//g", "http://a//g"),
        ("//g/a/../b", "http://g/b"),
        ("https://g/a/../b", "https://g/b"),
        ("https://g/..", "https://g/"),
        ("https://g?x=/../y", "https://g/?x=/../y"),
        ("https://g", "https://g/"),
        ("/g/../h?x=/a/../b#/c/../d", "http://a/h?x=/a/../b#/c/../d"),
        ("/...", "http://a/..."),
        ("/g/..;x/h", "http://a/g/..;x/h"),
    ],
)
def test_dot_segments_are_removed_from_every_reference(reference: str, url: str) -> None:
    assert str(resolve(BASE, reference)) == url


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("/%2e%2e/%27", "http://a/%2e%2e/%27"),
        ("?", "http://a/b/c/d;p?"),
        ("/caf\udce9", "http://a/caf%E9"),  # a header's bytes beyond UTF-8
    ],
)
def test_nothing_else_of_a_reference_is_normalised(reference: str, url: str) -> None:
    assert str(resolve(BASE, reference)) == url


@pytest.mark.parametrize(("reference", "target"), [("?x", "/a/../b?x"), ("", "/a/../b?q"), ("#s", "/a/../b?q")])
def test_a_reference_without_a_path_keeps_the_path_of_its_base(reference: str, target: str) -> None:
    assert resolve(parse("http://a/a/../b?q"), reference).target == target


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("/a/../b", "http://a/a/../b"),
        ("/./g/..", "http://a/./g/.."),
        ("//g/a/../b", "http://g/a/../b"),
        ("../g", "http://a/b/g"),
        ("./g/../h", "http://a/b/c/h"),
    ],
)
def test_dot_segments_that_the_user_wrote_are_kept_unless_the_path_is_merged(reference: str, url: str) -> None:
    assert str(resolve(BASE, reference, keep_dots=True)) == url


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("localhost.", True),
        ("a.b.localhost", True),
        ("notlocalhost", False),
        ("localhost.example.org", False),
        ("127.0.0.1", False),
    ],
)
def test_a_name_of_this_machine_is_known(host: str, expected: bool) -> None:  # noqa: FBT001
    assert is_localhost(host) is expected


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("g:h", "unsupported scheme 'g'"),
        ("http:g", "no host"),
        ("//", "no host"),
        ("/a b", "a blank inside"),
        ("/a\x00b", "a control character inside"),
        ("/\ud800", "not UTF-8"),
    ],
)
def test_a_reference_to_what_cannot_be_requested_is_refused(reference: str, reason: str) -> None:
    with pytest.raises(InvalidUrlError) as refusal:
        resolve(BASE, reference)
    assert str(refusal.value) == reason


@pytest.mark.parametrize("reference", ["other", "/other", "?q", "//example.org/", "https://example.org:443/", ""])
def test_credentials_stay_within_their_origin(reference: str) -> None:
    assert resolve(PRIVATE_BASE, reference).credentials == ("user", "secret")


@pytest.mark.parametrize(
    "reference", ["//www.example.org/", "http://example.org/", "https://example.org:8443/", "https://example.org./"]
)
def test_credentials_are_not_passed_to_another_origin(reference: str) -> None:
    assert resolve(PRIVATE_BASE, reference).credentials is None


@pytest.mark.parametrize("reference", ["https://eve:evil@example.org/", "//eve:evil@example.org/"])
def test_credentials_of_a_reference_are_ignored(reference: str) -> None:
    assert resolve(PRIVATE_BASE, reference).credentials == ("user", "secret")
    assert resolve(BASE, reference).credentials is None


@given(ANYTHING, st.sampled_from(["", "/", "//", "http:", "https://", "https://example.org"]))
def test_no_reference_takes_credentials_to_another_origin(text: str, prefix: str) -> None:
    try:
        url = resolve(PRIVATE_BASE, prefix + text)
    except InvalidUrlError:
        return
    assert url.credentials == (("user", "secret") if url.origin == PRIVATE_BASE.origin else None)
