from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlcheck.http.url import Url, parse
from urlcheck.input.targets import Collector, parse_entry
from urlcheck.model.errors import SettingsError
from urlcheck.model.nouns import Rejection, Target
from urlcheck.model.verdict import Verdict
from urlcheck.settings.settings import Settings

BASE = parse("https://user:secret@example.org/docs/index.html")
HOSTS = st.from_regex(r"[a-zA-Z0-9]([a-z0-9-]{0,9}[a-z0-9])?(\.[a-z]{2,9}){1,2}", fullmatch=True)
TARGETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="#"))


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
    assert isinstance(url, Url)
    assert url.credentials == credentials


@pytest.mark.parametrize("entry", ["/page", "//example.net/", "./page", "../page", "?q=1", ".", ".."])
def test_a_relative_entry_without_a_base_url_is_invalid(entry: str) -> None:
    assert parse_entry(entry) == Rejection(Verdict.INVALID, "relative; --base-url says to what")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("", "empty"),
        ("caf\udce9.example", "not UTF-8"),
        ("https://example.org/\ud83d", "not UTF-8"),
        ("ftp://example.org/file", "unsupported scheme 'ftp'"),
        ("http+unix://%2Frun%2Fapp.sock/x", "unsupported scheme 'http+unix'; --unix-socket names a socket"),
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
        ("<html>", "a character in the host that no host name can have"),
        ("999.999.999.999", "a host of digits that is not a dotted IPv4 address"),
    ],
)
def test_what_is_not_a_url_is_invalid_with_the_reason(entry: str, reason: str) -> None:
    assert parse_entry(entry) == Rejection(Verdict.INVALID, reason)


@given(st.text(st.characters()), st.sampled_from([None, BASE]))
def test_every_text_is_a_url_or_invalid_with_a_reason(text: str, base: Url | None) -> None:
    request = parse_entry(text, base)
    assert isinstance(request, Url) or (request.verdict is Verdict.INVALID and request.reason)


@given(HOSTS, st.sampled_from(["", "http://", "https://", "http://user:secret@"]), TARGETS)
def test_an_entrys_host_path_and_query_are_those_that_were_written(host: str, prefix: str, target: str) -> None:
    url = parse_entry(f"{prefix}{host}/{target}")
    assert isinstance(url, Url)
    assert (url.host, url.target) == (host.lower(), f"/{target}")


@given(st.text("aZ1.-_:/@?%[]\\&="))
def test_no_entry_is_repaired_into_another_url(text: str) -> None:
    url = parse_entry(f"http://{text}")
    if isinstance(url, Url):
        assert url.host in text.lower()
        assert text.endswith(url.target[1:])


def collect(*entries: str, **settings: object) -> tuple[Collector, list[Target | None]]:
    collector = Collector(Settings(**settings))  # type: ignore[arg-type]
    return collector, [collector.collect(entry, "arguments") for entry in entries]


def test_a_target_keeps_the_entry_as_it_was_written_but_for_blanks_around_it() -> None:
    target = Collector(Settings()).collect(" Example.org/Page#f\t", "urls.txt", 3)
    assert target == Target("Example.org/Page#f", "urls.txt", 3, 0, parse("https://Example.org/Page#f"))


@given(st.text(" \t\r\n"), st.characters(categories=["Cc", "Zs", "Zl", "Zp"], exclude_characters=" \t\r\n"), st.booleans())
def test_no_other_character_is_dropped_from_an_entry(blanks: str, char: str, is_first: bool) -> None:  # noqa: FBT001
    entry = f"{char}/path" if is_first else f"http://host/path{char}"
    target = Collector(Settings()).collect(f"{blanks}{entry}{blanks}", "arguments")
    assert target is not None
    assert target.url == entry
    assert not isinstance(target.request, Url) or target.request.target == f"/path{quote(char)}"


@pytest.mark.parametrize("char", "\x00\x0b\x0c\x1c\x1d\x1e\x1f\x7f\x85")
def test_a_control_character_at_the_end_of_an_entry_makes_it_invalid(char: str) -> None:
    target = Collector(Settings()).collect(f"http://host/path{char}", "arguments")
    assert target is not None
    assert target.request == Rejection(Verdict.INVALID, "a control character inside")


def test_targets_are_numbered_in_the_order_of_the_input_over_all_sources() -> None:
    collector = Collector(Settings())
    targets = [
        collector.collect("example.org", "arguments"),
        collector.reject("caf\\xe9", "urls.txt", 1, "not UTF-8"),
        collector.collect("example.org", "urls.txt", 2),
        collector.collect("two words", "urls.txt", 3),
        collector.collect("example.net", "stdin", 1),
    ]
    assert [target and target.index for target in targets] == [0, 1, None, 2, 3]


@pytest.mark.parametrize(
    "again",
    [
        "https://example.org/a?q",
        "example.org/a?q",
        "HTTPS://EXAMPLE.ORG/a?q",
        "https://example.org:443/a?q",
        "example.org/a?q#f",
    ],
)
def test_a_url_met_again_is_counted_and_not_reported(again: str) -> None:
    collector, targets = collect("https://example.org/a?q", again)
    assert targets[1] is None
    assert collector.duplicates == 1


@pytest.mark.parametrize(
    "other",
    [
        "http://example.org/a?q",
        "https://example.org/A?q",
        "https://example.org/a?Q",
        "https://example.org/a?q&",
        "https://example.org/%61?q",
        "https://example.org/x/../a?q",
        "https://example.org:8443/a?q",
        "https://example.org./a?q",
        "https://user@example.org/a?q",
        "https://None@example.org/a?q",
    ],
)
def test_urls_that_are_requested_differently_are_no_duplicates(other: str) -> None:
    collector, targets = collect("https://example.org/a?q", other)
    assert targets[1] is not None
    assert collector.duplicates == 0


def test_an_invalid_entry_is_reported_every_time() -> None:
    collector, targets = collect("ftp://example.org/", "ftp://example.org/")
    assert None not in targets
    assert collector.duplicates == 0


def test_every_entry_is_reported_without_dedupe() -> None:
    collector, targets = collect("example.org", "example.org", dedupe=False)
    assert [target and target.index for target in targets] == [0, 1]
    assert collector.duplicates == 0


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, None),
        ({"include": ("/docs/",)}, None),
        ({"include": ("/blog/", "^https://example")}, None),
        ({"include": ("/blog/", "/shop/")}, "matches no --include"),
        ({"exclude": ("/blog/",)}, None),
        ({"exclude": ("/blog/", r"\.html$")}, r"excluded by '\\.html$'"),
        ({"include": ("/docs/",), "exclude": ("html",)}, "excluded by 'html'"),
    ],
)
def test_filters_skip_urls_with_the_reason(settings: dict[str, tuple[str, ...]], reason: str | None) -> None:
    _, [target] = collect("example.org/docs/a.html", **settings)
    assert target is not None
    skipped = Rejection(Verdict.SKIPPED, reason) if reason else parse("https://example.org/docs/a.html")
    assert target.request == skipped


def test_filters_do_not_see_credentials() -> None:
    _, [target] = collect("https://user:secret@example.org/", exclude=("secret",))
    assert target is not None
    assert isinstance(target.request, Url)


def test_a_filter_leaves_invalid_entries_invalid() -> None:
    _, [target] = collect("ftp://example.org/", exclude=("ftp",))
    assert target is not None
    assert target.request == Rejection(Verdict.INVALID, "unsupported scheme 'ftp'")


def test_only_an_invalid_target_is_no_url() -> None:
    _, targets = collect("example.org", "example.net", "ftp://example.org/", exclude=("net",))
    assert [target and target.is_url for target in targets] == [True, True, False]


@pytest.mark.parametrize(
    ("base_url", "reason"),
    [
        ("example.org", "no scheme"),
        ("/docs/", "no scheme"),
        ("ftp://example.org/", "unsupported scheme 'ftp'"),
        ("", "no scheme"),
    ],
)
def test_a_base_url_that_is_not_absolute_cannot_be_used(base_url: str, reason: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        Collector(Settings(base_url=base_url))
    assert str(refusal.value) == f"--base-url is not an absolute http(s) URL: {reason}"


@pytest.mark.parametrize("pattern", ["(", "*", "[z-a]", "a{1001}"])
@pytest.mark.parametrize("option", ["include", "exclude"])
def test_a_filter_that_is_not_a_regular_expression_cannot_be_used(option: str, pattern: str) -> None:
    with pytest.raises(SettingsError, match=rf"^--{option} .* is not a regular expression: "):
        collect(**{option: (pattern,)})
