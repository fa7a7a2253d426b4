from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.builders import make_builder, target_of
from tests.support.marks import on_posix
from urlcheck.model.errors import InputError
from urlcheck.watch.file_changes import FileChanges
from urlcheck.watch.list_reader import ListReader


@pytest.fixture
def reader() -> ListReader:
    return ListReader()


@pytest.fixture
def urls(tmp_path: Path) -> Path:
    file = tmp_path / "urls.txt"
    file.write_text("a.example\nb.example\n")
    return file


def read(reader: ListReader, *files: str) -> list[str]:
    return [target_of(item).url for item in reader.read(["c.example"], files, make_builder())]


def test_the_list_is_read_as_it_is_now(reader: ListReader, urls: Path) -> None:
    assert read(reader, str(urls)) == ["c.example", "a.example", "b.example"]
    urls.write_text("b.example\nd.example\n")
    assert read(reader, str(urls)) == ["c.example", "b.example", "d.example"]


def test_a_file_that_is_gone_is_an_error(reader: ListReader, urls: Path) -> None:
    read(reader, str(urls))
    urls.unlink()
    with pytest.raises(InputError, match="cannot read"):
        read(reader, str(urls))


@on_posix
def test_what_came_through_a_pipe_is_kept(reader: ListReader, urls: Path) -> None:
    receiving, sending = os.pipe()
    os.write(sending, b"b.example\nnot a url\ne.example\n")
    os.close(sending)
    pipe = f"/dev/fd/{receiving}"
    assert read(reader, str(urls), pipe) == ["c.example", "a.example", "b.example", "not a url", "e.example"]
    os.close(receiving)
    urls.write_text("a.example\n")
    assert read(reader, str(urls), pipe) == ["c.example", "a.example", "not a url", "e.example"]
    assert read(reader, str(urls)) == ["c.example", "a.example"]


def test_a_file_has_changed_once_nobody_writes_it_any_more(urls: Path) -> None:
    changes = FileChanges([str(urls)])
    assert not changes.are_settled()
    urls.write_text("another\n")
    assert [changes.are_settled() for _ in range(2)] == [False, True]
    changes.follow([str(urls)])
    assert not changes.are_settled()


def test_a_file_that_is_replaced_has_changed(urls: Path, tmp_path: Path) -> None:
    changes = FileChanges([str(urls)])
    (tmp_path / "new").write_bytes(urls.read_bytes())
    os.replace(tmp_path / "new", urls)
    assert [changes.are_settled() for _ in range(2)] == [False, True]


def test_a_file_that_is_gone_and_comes_back_as_it_was_has_not_changed(urls: Path, tmp_path: Path) -> None:
    changes = FileChanges([str(urls)])
    urls.rename(tmp_path / "aside")
    assert not changes.are_settled()
    (tmp_path / "aside").rename(urls)
    assert [changes.are_settled() for _ in range(2)] == [False, False]


def test_a_file_that_is_gone_when_it_is_read_is_seen_when_it_comes_back(urls: Path, tmp_path: Path) -> None:
    changes = FileChanges([str(urls)])
    urls.rename(tmp_path / "aside")
    assert [changes.are_settled() for _ in range(2)] == [False, True]
    changes.follow([str(urls)])
    (tmp_path / "aside").rename(urls)
    assert [changes.are_settled() for _ in range(2)] == [False, True]


def test_a_pipe_is_not_followed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    changes = FileChanges([str(tmp_path / "pipe")])
    (tmp_path / "pipe").touch()
    assert [changes.are_settled() for _ in range(2)] == [False, False]
