from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlcheck.text.safe import clean, escape, mask, mask_broken

WORDS = st.text("abcXYZ019-._~%", min_size=1)
URLS = st.builds(
    "https://{}{}/{}{}{}".format,
    st.one_of(st.just(""), WORDS.map("{}@".format), st.builds("{}:{}@".format, WORDS, WORDS)),
    WORDS,
    st.text("abc/.-@:"),
    st.one_of(
        st.just(""), st.lists(st.builds("{}={}".format, WORDS | st.just("token"), WORDS)).map(lambda q: f"?{'&'.join(q)}")
    ),
    st.one_of(st.just(""), WORDS.map("#{}".format), WORDS.map("#access_token={}".format)),
)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
        ("\x1b]8;;https://evil.example\x07link", r"\x1b]8;;https://evil.example\x07link"),
        ("\x9b31m", r"\x9b31m"),
        ("\x7f\x00\x08", r"\x7f\x00\x08"),
        ("two\r\nlines\tand a tab", r"two\x0d\x0alines\x09and a tab"),
        ("\N{LINE SEPARATOR}\N{NEXT LINE}", r"\u2028\x85"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe", r"\u202egpj.exe"),
        ("\N{RIGHT-TO-LEFT ISOLATE}\N{ARABIC LETTER MARK}", r"\u2067\u061c"),
        ("zero\N{ZERO WIDTH SPACE}width", r"zero\u200bwidth"),
        ("\udce9\ud83d", r"\udce9\ud83d"),
        ("\U0001bca0\U000e0041", r"\U0001bca0\U000e0041"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("##[add-mask]a", r"#\x23[add-mask]a"),
        ("###[error]##[error]", r"##\x23[error]#\x23[error]"),
        ("a ##vso[task.setvariable]b", r"a #\x23vso[task.setvariable]b"),
        ("#\x00#[error]", r"#\x00#[error]"),
        ("a ##teamcity[buildStatus]b", r"a #\x23teamcity[buildStatus]b"),
        ("##TeamCity[x]##VSO[y]", r"#\x23TeamCity[x]#\x23VSO[y]"),
    ],
)
def test_what_the_runner_of_a_ci_job_would_obey_is_written_out(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@pytest.mark.parametrize("text", ["#[", "## heading", "##team[", "##teamcity", "https://host/##", "a::b"])
def test_what_looks_like_a_command_and_is_none_is_left_as_it_is(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize("text", ["", "plain text", "https://例え.jp/straße", "[red]markup[/red] :smile:", r"C:\new", "👍"])
def test_what_prints_is_left_as_it_is(text: str) -> None:
    assert escape(text) == text


@given(st.text(st.characters()))
def test_what_was_escaped_prints(text: str) -> None:
    assert escape(text).isprintable()


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://user:secret@example.org/", "https://user:****@example.org/"),
        ("https://user:se:cr@et@example.org/", "https://user:****@example.org/"),
        ("https://secret@example.org/", "https://****@example.org/"),
        ("https://secret:@example.org/", "https://****:@example.org/"),
        ("https://:secret@example.org/", "https://:****@example.org/"),
        ("https://user@mail.example:secret@example.org/", "https://user@mail.example:****@example.org/"),
        ("https://sec@ret@example.org/", "https://****@example.org/"),
        ("//user:secret@example.org/", "//user:****@example.org/"),
        ("user:secret@example.org/", "user:****@example.org/"),
        ("secret@example.org", "****@example.org"),
        (
            "a redirect loop: back to https://user:secret@example.org/",
            "a redirect loop: back to https://user:****@example.org/",
        ),
        (
            "https://example.org/https://user:secret@example.net/",
            "https://example.org/https://user:****@example.net/",
        ),
    ],
)
def test_passwords_in_urls_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "key",
    [
        "token",
        "TOKEN",
        "access_token",
        "access-token",
        "accessToken",
        "api_key",
        "apikey",
        "API-Key",
        "client_secret",
        "password",
        "sig",
        "signature",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "x-goog-signature",
        "AWSAccessKeyId",
        "t%6Fken",
        "%74%6f%6b%65%6e",
        "access%5Ftoken",
        "access+token",
        "api_token",
        "PHPSESSID",
        "code",
        "user%5Bpass%5D",
    ],
)
@pytest.mark.parametrize("before", ["?", "?q=1&", "?q=1;", "?q&amp;", "#", "#state=1&"])
def test_the_values_of_secret_keys_are_masked(before: str, key: str) -> None:
    url = f"https://example.org/{before}{key}"
    assert mask(f"{url}=S3CR3T%2F/+=12345&page=2") == f"{url}=****&page=2"


def test_every_secret_of_a_text_is_masked() -> None:
    text = "https://u:s@example.org/?sig=s&token=s then https://s@example.net/?a=b&token=s"
    assert mask(text) == "https://u:****@example.org/?sig=****&token=**** then https://****@example.net/?a=b&token=****"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://example.org/",
        "https://example.org/@user",
        "https://example.org/a:b@c",
        "https://example.org/?email=user@example.net",
        "https://example.org/#user@example.net",
        "https://unpkg.example//@scope/package",
        "https://example.org/?tokens=1&signed=2&page=3",
        "https://example.org/?author=ada&key=name&country_code=DE",
        "https://example.org/?token",
        "https://example.org/?token=&page=2",
        "https://example.org/token=1",
        "no response within 10 s",
    ],
)
def test_what_is_no_secret_is_not_masked(text: str) -> None:
    assert mask(text) == text


@given(URLS)
def test_masking_again_changes_nothing(url: str) -> None:
    assert mask(mask(url)) == mask(url)


@given(WORDS, WORDS, WORDS)
def test_no_password_or_token_gets_through(name: str, word: str, host: str) -> None:
    secret = f"<{word}>"
    assert secret not in mask(f"https://{name}:{secret}@{host}/?token={secret}#id_token={secret}")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://user:se cret@example.org/", "https://user:****@example.org/"),
        ("https://user:se/cret@example.org/", "https://user:****@example.org/"),
        ("https://user:se?cr#et@example.org/", "https://user:****@example.org/"),
        ("https://user:se\ncret@example.org/", "https://user:****@example.org/"),
        ("https://user@mail.example:se cret@example.org/", "https://user@mail.example:****@example.org/"),
        ("https:user:secret@example.org/", "https:****@example.org/"),
        ("ftp://user:secret@example.org/", "ftp://user:****@example.org/"),
        ("ssh:secret@example.org", "ssh:****@example.org"),
        ("user:sec ret@example.org", "user:****@example.org"),
        ("https://exa mple.org/?token=secret&page=2", "https://exa mple.org/?token=****&page=2"),
        ("https://example.org/?token=sec ret&page=2", "https://example.org/?token=****&page=2"),
        ("two words", "two words"),
    ],
)
def test_whatever_may_be_a_secret_in_a_broken_url_is_masked(text: str, masked: str) -> None:
    assert mask_broken(text) == masked


def test_clean_text_is_masked_and_escaped() -> None:
    assert clean("https://user:\x1b@example.org/\x1b") == r"https://user:****@example.org/\x1b"


def test_clean_text_is_cut_after_it_was_masked() -> None:
    assert clean("https://user:secret@example.org/", 16) == "https://user:**…"


@pytest.mark.parametrize(("text", "cut"), [("12345", "12345"), ("123456", "1234…"), ("\x1b[31m6", r"\x1b[31…")])
def test_clean_text_is_cut_to_the_limit(text: str, cut: str) -> None:
    assert clean(text, 5) == cut
