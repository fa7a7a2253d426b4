from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlcheck.http.charsets import _CODECS, decode


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("é".encode(), None, "é"),
        ("é".encode(), "text/html", "é"),
        ("é".encode("latin-1"), "text/html; charset=ISO-8859-1", "é"),
        (b"\x93a\x94", "text/html; charset=iso-8859-1", "\u201ca\u201d"),
        ("é".encode("latin-1"), 'text/html;q=1 ; Charset = "latin1"', "é"),
        ("日本".encode("shift_jis"), "text/html; charset=Shift_JIS", "日本"),
        ("é".encode("utf-16-le"), "text/html; charset=utf-16le", "é"),
        (b"\xef\xbb\xbfa", None, "a"),
        (b"\xef\xbb\xbfa", "text/html; charset=utf-8", "a"),
        (b"\xff\xfea\x00", None, "a"),
        (b"\xfe\xff\x00a", "text/html", "a"),
        (b"\xff\xfe\x00\x00a\x00\x00\x00", None, "a"),
        (b"a\xff\xfe", None, "a\ufffd\ufffd"),
        (b"", None, ""),
        (b"a\x00", None, "a\x00"),
    ],
)
def test_a_body_is_read_by_its_charset_its_mark_or_as_utf_8(body: bytes, content_type: str | None, text: str) -> None:
    assert decode(body, content_type) == text


@pytest.mark.parametrize(
    "charset",
    [
        *("idna", "punycode", "rot13", "rot_13", "undefined", "unicode_escape", "raw_unicode_escape", "zip", "zlib", "base64"),
        *("hex", "uu", "mbcs", "utf-7", "../../x", "x" * 100, "", "\x00", "\udce9", "é"),
    ],
)
def test_a_charset_that_is_none_is_utf_8(charset: str) -> None:
    assert decode(rb"\x41 +AEE- 41 " + "é".encode(), f"text/html; charset={charset}") == r"\x41 +AEE- 41 é"


def test_a_long_content_type_is_not_searched_to_its_end() -> None:
    assert decode("é".encode(), "text/html;" + " " * 300_000 + ";charset=latin-1") == "é"


@given(st.binary())
def test_every_codec_takes_any_bytes(body: bytes) -> None:
    for codec in set(_CODECS.values()):
        assert isinstance(decode(body, f"text/html; charset={codec}"), str)
        assert isinstance(body.decode(codec, "replace"), str)
