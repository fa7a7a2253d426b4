from __future__ import annotations

import pytest

from urlcheck.text.sizes import format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("500", 500),
        ("500b", 500),
        ("64K", 65536),
        ("64k", 65536),
        ("64KiB", 65536),
        (" 1.5 MiB ", 1_572_864),
        (".5m", 524_288),
        ("1G", 1_073_741_824),
    ],
)
def test_a_size_is_read_as_bytes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "0.9", "-1", "1T", "1KB", "K", "1 K B", "1e3", "inf", "nan", "9" * 400, "\u0661"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1024 * 1023, "1023 KiB"),
        (1024 * 1024, "1 MiB"),
        (1024 * 1024 * 3 // 2, "1.5 MiB"),
        (1024**3, "1 GiB"),
    ],
)
def test_a_size_is_written_for_people(size: int, text: str) -> None:
    assert format_size(size) == text
