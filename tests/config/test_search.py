from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.command import Complain, Tell
from urlcheck.config.search import find_candidates

pytestmark = pytest.mark.user


def write(path: Path, text: str = "timeout = 1\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_the_nearest_directory_comes_first_and_in_it_our_own_file(folder: Path) -> None:
    for place in (folder, folder.parent):
        write(place / "urlcheck.toml")
        write(place / "pyproject.toml", "[tool.urlcheck]\n")
    above = os.path.join(os.pardir, "")
    assert [*find_candidates()] == ["urlcheck.toml", "pyproject.toml", f"{above}urlcheck.toml", f"{above}pyproject.toml"]


def test_the_search_ends_at_home(folder: Path) -> None:
    write(folder.parent.parent / "urlcheck.toml")
    assert [*find_candidates()] == []


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_the_search_ends_at_the_root_of_a_repository(folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    write(folder.parent / "urlcheck.toml")
    write(folder / "urlcheck.toml")
    (folder / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(folder / "deep" / "er")
    git = folder / ".git"
    git.mkdir() if kind == "folder" else git.touch()
    assert [*find_candidates()] == [os.path.join(os.pardir, os.pardir, "urlcheck.toml")]


def test_outside_of_home_the_search_goes_on_to_the_top(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder.parent / "urlcheck.toml")
    monkeypatch.setenv("HOME", str(folder / "elsewhere"))
    monkeypatch.setenv("USERPROFILE", str(folder / "elsewhere"))
    assert os.path.join(os.pardir, "urlcheck.toml") in [*find_candidates()]


def test_a_project_that_does_not_mention_us_is_not_even_read_as_toml(folder: Path, tell: Tell) -> None:
    write(folder / "pyproject.toml", "[not TOML")
    write(folder.parent / "urlcheck.toml", "timeout = 2\n")
    assert tell(None, "x").settings.timeout == 2


def test_a_project_without_our_table_is_passed_over(folder: Path, tell: Tell) -> None:
    write(folder / "pyproject.toml", "[project]\nname = 'urlcheck-cli'\n")
    write(folder.parent / "pyproject.toml", "[tool.urlcheck]\ntimeout = 2\n")
    assert tell(None, "x").settings.timeout == 2


@pytest.mark.parametrize("content", [b"# urlcheck\n[not TOML", b"# urlcheck\n\xff", b"# urlcheck\na = " + b"[" * 100_000])
def test_a_broken_project_that_merely_mentions_us_is_passed_over(folder: Path, tell: Tell, content: bytes) -> None:
    (folder / "pyproject.toml").write_bytes(content)
    write(folder.parent / "pyproject.toml", "[tool.urlcheck]\ntimeout = 2\n")
    assert tell(None, "x").settings.timeout == 2


@pytest.mark.parametrize("header", ["[tool.urlcheck]", " [ tool . 'urlcheck' ]", "[[tool.urlcheck.target]]"])
def test_a_broken_project_that_has_our_table_is_an_error(folder: Path, complain: Complain, header: str) -> None:
    write(folder / "pyproject.toml", f"[project]\n{header}\ntimeout = \n")
    assert complain(None, "x").startswith("pyproject.toml:3:11: not TOML: ")


def test_our_own_file_settles_it_even_where_it_is_empty(folder: Path, tell: Tell) -> None:
    write(folder / "urlcheck.toml", "")
    write(folder.parent / "urlcheck.toml", "timeout = 2\n")
    assert tell(None, "x").settings.timeout == 10


def test_a_folder_of_that_name_is_no_file(folder: Path, tell: Tell) -> None:
    (folder / "urlcheck.toml").mkdir()
    assert tell(None, "x").settings.timeout == 10


def test_a_file_that_is_named_is_the_only_one(folder: Path, tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    write(folder / "other.toml", "retries = 5\n")
    assert tell("timeout = 2\n", "--config", "other.toml", "x").params["retries"] == 5
    monkeypatch.setenv("URLCHECK_CONFIG", "other.toml")
    told = tell(None, "x")
    assert (told.settings.retries, told.settings.timeout) == (5, 10)


def test_no_file_is_used_where_that_is_asked_for(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("URLCHECK_CONFIG", "missing.toml")
    assert tell("timeout = 2\n", "--no-config", "x").settings.timeout == 10


def test_a_file_cannot_be_named_and_refused(complain: Complain) -> None:
    assert "--config: cannot be used together with --no-config" in complain(None, "--config", "a.toml", "--no-config")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="files have owners on POSIX")
class TestOwners:
    OTHER = 4_000_000

    @pytest.fixture(autouse=True)
    def somebody(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Files belong neither to the user, nor to root, nor to the owner of the working directory."""
        monkeypatch.setattr(os, "geteuid", lambda: self.OTHER)
        own = os.fstat

        def disown(descriptor: int) -> os.stat_result:
            result = own(descriptor)
            return os.stat_result([*result[:4], self.OTHER + 1, *result[5:10]])

        monkeypatch.setattr(os, "fstat", disown)

    def test_what_somebody_else_put_there_is_refused(self, complain: Complain) -> None:
        assert complain("timeout = 2\n", "x") == (
            "urlcheck.toml belongs to another user; --config urlcheck.toml uses it, --no-config does not"
        )

    @pytest.mark.parametrize("text", ["[tool.urlcheck]\n", "tool.urlcheck.timeout = 2\n", "[tool.urlcheck]\nbroken"])
    def test_so_is_a_table_in_a_project_of_theirs(self, folder: Path, complain: Complain, text: str) -> None:
        write(folder / "pyproject.toml", text)
        assert complain(None, "x").startswith("pyproject.toml belongs to another user; ")

    def test_a_project_of_theirs_without_our_table_is_passed_over(self, folder: Path, tell: Tell) -> None:
        write(folder / "pyproject.toml", "[project]\nname = 'urlcheck-cli'\n")
        assert tell(None, "x").settings.timeout == 10

    def test_whoever_names_it_means_it(self, tell: Tell) -> None:
        assert tell("timeout = 2\n", "--config", "urlcheck.toml", "x").settings.timeout == 2

    def test_what_is_ones_own_is_trusted(self, tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: self.OTHER + 1)
        assert tell("timeout = 2\n", "x").settings.timeout == 2

    def test_who_owns_the_working_directory_is_trusted(self, tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
        own = os.stat

        def give(path: str) -> os.stat_result:
            result = own(path)
            return os.stat_result([*result[:4], self.OTHER + 1, *result[5:10]])

        monkeypatch.setattr("urlcheck.config.document.os.stat", give)
        assert tell("timeout = 2\n", "x").settings.timeout == 2
