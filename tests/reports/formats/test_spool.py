from __future__ import annotations

import io

import pytest

from urlcheck.reports.formats.spool import Spool


def copy_to(spool: Spool) -> str:
    stream = io.StringIO()
    spool.copy_to(stream)
    return stream.getvalue()


@pytest.mark.parametrize("size", [0, 1, 1024 * 1024, 3 * 1024 * 1024])
def test_what_is_written_comes_out_again(size: int) -> None:
    spool = Spool()
    for start in range(0, size, 1000):
        spool.write("x" * min(1000, size - start))
    assert copy_to(spool) == "x" * size


def test_what_is_not_ascii_is_written_as_the_codec_says() -> None:
    spool = Spool(errors="xmlcharrefreplace")
    spool.write("é👍\n" + "x" * 2 * 1024 * 1024)
    spool.write("é")
    assert copy_to(spool) == "&#233;&#128077;\n" + "x" * 2 * 1024 * 1024 + "&#233;"


def test_a_file_that_is_not_poured_is_closed_all_the_same() -> None:
    Spool().write("x" * 2 * 1024 * 1024)  # an open file would be a ResourceWarning
