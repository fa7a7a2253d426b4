"""Decodes a body to text, even if its headers name a wrong or unknown charset. Pure; never raises."""

from __future__ import annotations

import codecs
import re

_CHARSET = re.compile(r";\s*charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)
_SEARCHED = 1000
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Python's codecs by the names that servers use. A list, for among those that Python looks up by name are some that are not for
# text, some that are slow and some that raise; and every unknown name that it is asked for it remembers.
_LATIN_1 = "cp1252"  # browsers read text labelled ISO 8859-1 in this encoding (WHATWG Encoding Standard, 4.2)
_CODECS = {
    **dict.fromkeys(("ascii", "us-ascii", "iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1"), _LATIN_1),
    **{f"iso-8859-{part}": f"iso8859-{part}" for part in (*range(2, 12), 13, 14, 15, 16)},
    **{f"{prefix}{page}": f"cp{page}" for page in range(1250, 1259) for prefix in ("windows-", "cp")},
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "windows-31j", "x-sjis"), "cp932"),
    **dict.fromkeys(("gbk", "gb2312", "x-gbk"), "gbk"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "windows-949"), "cp949"),
    **dict.fromkeys(("macintosh", "x-mac-roman"), "mac-roman"),
    **dict.fromkeys(("ibm866", "cp866"), "cp866"),
    **dict.fromkeys(("windows-874", "tis-620"), "cp874"),
    **{
        name: name
        for name in (
            *("big5", "euc-jp", "gb18030", "iso-2022-jp", "koi8-r", "koi8-u"),
            *("utf-16", "utf-16be", "utf-16le", "utf-32", "utf-32be", "utf-32le"),
        )
    },
}


def decode(body: bytes, content_type: str | None) -> str:
    """The text of a body: by the charset of its Content-Type, its byte-order mark, or else as UTF-8.

    A byte that is none of its characters becomes U+FFFD.
    """
    return body.decode(_find_codec(body, content_type), "replace").removeprefix("\ufeff")


def _find_codec(body: bytes, content_type: str | None) -> str:
    found = _CHARSET.search(content_type[:_SEARCHED]) if content_type else None
    codec = _CODECS.get(found[1].lower()) if found else None
    if codec:
        return codec
    return next((codec for mark, codec in _BOMS if body.startswith(mark)), "utf-8")
