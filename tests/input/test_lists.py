from __future__ import annotations

import io
import itertools
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import make_builder, target_of
from tests.support.marks import on_posix
from urlcheck.input.lists import MAX_LINE, Lists, read_lines, read_targets
from urlcheck.input.target_builder import Item
from urlcheck.model.errors import InputError
from urlcheck.model.result import Result
from urlcheck.model.target import Length, Target
from urlcheck.store.runs import Positions

pytestmark = pytest.mark.user


class Trickle(io.BytesIO):
    """Gives a few bytes at a time, as a pipe may."""

    def __init__(self, content: bytes, step: int) -> None:
        super().__init__(content)
        self._step = step

    def read(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002 - fewer than asked for
        return super().read(self._step)


def read(content: bytes) -> list[Item]:
    blocks = read_targets(io.BytesIO(content), "urls.txt", make_builder())
    return [target for block in blocks for target in block]


def items(content: bytes) -> list[Target]:
    return [target_of(item) for item in read(content)]


def describe(item: Item) -> tuple[str, int | None, str]:
    """Entry, line, and the reason where it is not requested."""
    target = target_of(item)
    return target.url, target.line, item.detail if isinstance(item, Result) else ""


@pytest.mark.parametrize(
    ("content", "urls"),
    [
        (b"", []),
        (b"\n\n", []),
        (b"a.example\nb.example\n", ["a.example", "b.example"]),
        (b"a.example\nb.example", ["a.example", "b.example"]),
        (b"a.example\r\nb.example\r\n", ["a.example", "b.example"]),
        (b"\xef\xbb\xbfa.example\n", ["a.example"]),
        (b"\xef\xbb\xbf# comment\n\xef\xbb\xbf", []),
        (b" \ta.example \t\n", ["a.example"]),
        (b"# comment\n  # comment\n#\n", []),
        (b"# caf\xe9, not UTF-8\n", []),
        (b"a.example # comment\n", ["a.example"]),
        (b"a.example\t# comment # more\n", ["a.example"]),
        (b"a.example/#fragment\n", ["a.example/#fragment"]),
        (b"a.example/#fragment #comment\n", ["a.example/#fragment"]),
        (b"a.example/ #\n", ["a.example/"]),
        ("bücher.example/straße\n".encode(), ["bücher.example/straße"]),
    ],
)
def test_a_list_has_one_url_a_line_and_comments(content: bytes, urls: list[str]) -> None:
    assert [target_of(item).url for item in read(content)] == urls


def test_lines_are_counted_with_blanks_comments_and_duplicates() -> None:
    targets = items(b"# head\n\na.example\na.example\nb.example # end\r\n\r\nc.example")
    assert [(target.url, target.source, target.line) for target in targets] == [
        ("a.example", "urls.txt", 3),
        ("b.example", "urls.txt", 5),
        ("c.example", "urls.txt", 7),
    ]


@pytest.mark.parametrize(
    ("line", "url", "reason"),
    [
        (b"caf\xe9.example", "caf\\xe9.example", "not UTF-8"),
        (b"a.example/\xed\xa0\x80", "a.example/\\xed\\xa0\\x80", "not UTF-8"),
        (b"a.example b.example", "a.example b.example", "a blank inside"),
        (b"a.example\rb.example", "a.example\rb.example", "a control character inside"),
        (b"a.example/\x00", "a.example/\x00", "a control character inside"),
        (b"a.example/\x1f", "a.example/\x1f", "a control character inside"),
        (b"\x0ba.example/\x0c\r", "\x0ba.example/\x0c", "a control character inside"),
        (b"a.example/\xc2\x85", "a.example/\x85", "a control character inside"),
        (b"\x0c", "\x0c", "a control character inside"),
    ],
)
def test_a_line_that_is_not_a_url_is_invalid_with_its_number(line: bytes, url: str, reason: str) -> None:
    assert [describe(target) for target in read(b"a.example\n" + line + b"\nb.example\n")] == [
        ("a.example", 1, ""),
        (url, 2, reason),
        ("b.example", 3, ""),
    ]


def test_a_byte_order_mark_is_dropped_also_where_lists_were_put_together() -> None:
    assert [target_of(target).url for target in read(b"a.example\n\xef\xbb\xbfb.example\n")] == ["a.example", "b.example"]


@pytest.mark.parametrize(
    ("coding", "name"),
    [("utf-16", "UTF-16"), ("utf-32", "UTF-32"), ("utf-16-be", "UTF-16"), ("utf-32-be", "UTF-32")],
)
def test_a_list_in_another_coding_is_an_error_that_names_it(coding: str, name: str) -> None:
    mark = "" if coding[-1].isdigit() else "\N{ZERO WIDTH NO-BREAK SPACE}"
    with pytest.raises(InputError, match=f"^list is {name} text, not UTF-8; iconv -f {name} -t UTF-8 converts it$"):
        list(read_targets(io.BytesIO(f"{mark}# a list\nhttp://a.example\n".encode(coding)), "list", make_builder()))


@pytest.mark.parametrize(
    "content", [b"http://a.example\rhttp://b.example\r", b"# a list\rhttp://a.example", b"a\r" * MAX_LINE]
)
def test_a_list_whose_lines_end_with_cr_alone_is_an_error(content: bytes) -> None:
    with pytest.raises(InputError, match=r"^the lines of list end with CR alone; tr .* converts them$"):
        list(read_targets(io.BytesIO(content), "list", make_builder()))


@pytest.mark.parametrize("end", [b"\n", b"\nb.example\n", b"\r\nb.example\n", b""])
@pytest.mark.parametrize("size", [MAX_LINE + 1, 10 * MAX_LINE])
def test_a_line_over_the_limit_is_one_invalid_record(size: int, end: bytes) -> None:
    line = b"https://a.example/".ljust(size, b"x")
    first, *others = [describe(target) for target in read(line + end)]
    assert first == (f"https://a.example/{'x' * 62}…", 1, "a line over 64 KiB")
    assert others == ([("b.example", 2, "")] if b"b" in end else [])


def test_a_line_at_the_limit_is_read() -> None:
    line = b"https://a.example/".ljust(MAX_LINE, b"x")
    assert [describe(target) for target in read(line + b"\n")] == [(line.decode(), 1, "")]


@pytest.mark.parametrize("start", [b"#", b"  # ", b"\xef\xbb\xbf#"])
def test_a_comment_over_the_limit_is_no_record(start: bytes) -> None:
    assert [describe(target) for target in read(start.ljust(10 * MAX_LINE, b"x") + b"\nb.example\n")] == [("b.example", 2, "")]


def test_a_url_between_too_many_blanks_is_not_lost() -> None:
    [target] = read(b"a.example".center(10 * MAX_LINE))
    assert describe(target)[1:] == (1, "a line over 64 KiB")


def test_a_character_cut_in_two_does_not_make_a_long_line_unreadable() -> None:
    [target] = items(b"x" + "é".encode() * MAX_LINE)
    assert target.url == f"x{'é' * 39}…"


@given(st.text("ab\r\n# \N{EURO SIGN}", max_size=40), st.integers(1, 5))
def test_lines_do_not_depend_on_how_the_bytes_arrive(text: str, step: int) -> None:
    *lines, rest = text.encode().split(b"\n")
    read_so_far = [line for block in read_lines(Trickle(text.encode(), step)) for line in block]
    assert read_so_far == ([*lines, rest] if rest else lines)


def test_lines_are_handed_over_before_the_next_bytes_are_there() -> None:
    blocks = read_lines(Trickle(b"a.example\nb.exa", step=12))
    assert next(blocks) == [b"a.example"]


def test_lines_that_are_finished_are_passed_over_alone_and_by_the_block() -> None:
    two_lines_a_block = Trickle(b"a.example\nb.example\nc.example\nd.example\n", step=20)
    builder = make_builder()
    finished = Positions(iter((0, 1, 3)))
    blocks = [[target_of(item) for item in block] for block in read_targets(two_lines_a_block, "urls.txt", builder, finished)]
    assert [[(target.url, target.line, target.index) for target in block] for block in blocks] == [[], [("c.example", 3, 2)]]
    assert builder.position == 4


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working directory with two lists, and a third on standard input."""
    (tmp_path / "one.txt").write_text("one.example\n")
    (tmp_path / "two.txt").write_text("# two\ntwo.example\n")
    (tmp_path / "three.txt").write_text("three.example\n")
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "three.txt").open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield tmp_path


def read_lists(arguments: list[str], files: list[str]) -> list[tuple[str, str, int | None]]:
    targets = map(target_of, itertools.chain.from_iterable(Lists(arguments, files, make_builder())))
    return [(target.url, target.source, target.line) for target in targets]


@pytest.mark.usefixtures("folder")
def test_arguments_come_first_then_files_in_their_order() -> None:
    assert read_lists(["a.example", "b.example"], ["two.txt", "./one.txt"]) == [
        ("a.example", "arguments", None),
        ("b.example", "arguments", None),
        ("two.example", "two.txt", 2),
        ("one.example", "./one.txt", 1),
    ]


@pytest.mark.usefixtures("folder")
def test_a_dash_among_the_arguments_is_standard_input_at_that_place() -> None:
    assert read_lists(["a.example", "-", "b.example"], []) == [
        ("a.example", "arguments", None),
        ("three.example", "stdin", 1),
        ("b.example", "arguments", None),
    ]


@pytest.mark.usefixtures("folder")
def test_a_dash_among_the_files_is_standard_input_at_that_place() -> None:
    assert read_lists([], ["one.txt", "-", "two.txt"]) == [
        ("one.example", "one.txt", 1),
        ("three.example", "stdin", 1),
        ("two.example", "two.txt", 2),
    ]


@pytest.mark.usefixtures("folder")
def test_standard_input_is_not_touched_where_it_is_not_named() -> None:
    read_lists(["a.example"], ["one.txt"])
    assert sys.stdin.read() == "three.example\n"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", ["absent.txt", "."])
def test_a_file_that_cannot_be_opened_is_an_error_before_anything_is_read(name: str) -> None:
    with pytest.raises(InputError, match=f"^cannot read {re.escape(name)}: [A-Z]"):
        Lists(["a.example"], ["one.txt", name], make_builder())


@pytest.mark.parametrize("arguments", [["-"], []])
def test_a_standard_input_that_is_closed_is_an_error(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match=r"^cannot read stdin: it is closed$"):
        Lists(arguments, [] if arguments else ["-"], make_builder())


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(("arguments", "files"), [(["a.example"], []), (["-"], ["one.txt"]), ([], ["one.txt", "-"])])
def test_an_input_that_was_read_has_an_exact_length(arguments: list[str], files: list[str]) -> None:
    lists = Lists(arguments, files, make_builder())
    assert lists.length is None
    read = sum(map(len, lists))
    assert lists.length == Length(read, is_exact=True)


def test_the_length_of_a_long_list_is_estimated_from_what_was_read(tmp_path: Path) -> None:
    file = tmp_path / "long.txt"
    file.write_text("".join(f"{number:05}.example  # a comment\n\n" for number in range(20_000)))
    lists = Lists(["a.example"], [str(file)], make_builder())
    blocks = iter(lists)
    estimates = [length for _, _ in zip(blocks, range(5), strict=False) if (length := lists.length)]
    assert len(estimates) == 4  # not before a block of the file was read
    assert all(not length.is_exact and length.targets == pytest.approx(20_000, rel=0.02) for length in estimates)
    assert sum(map(len, blocks)) > 10_000
    assert lists.length == Length(20_001, is_exact=True)


@on_posix
def test_the_length_of_a_pipe_is_not_known_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.write(write, b"a.example\nb.example\n")
    with open(read) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        lists = Lists([], ["-"], make_builder())
        blocks = iter(lists)
        assert len(next(blocks)) == 0  # no arguments
        assert len(next(blocks)) == 2
        assert lists.length is None
        os.close(write)
        assert list(blocks) == []
    assert lists.length == Length(2, is_exact=True)
