"""The command line as far as its function, which is told what applies and checks nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Complain, Tell, Told
from urlcheck.cli.command import command
from urlcheck.cli.program import run


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, and the home directory above it."""
    folder = tmp_path / "home" / "project"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    return folder


@pytest.fixture
def tell(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Run the command line, beside an `urlcheck.toml` of that text where there is one."""

    def call(text: str | None, *arguments: str) -> Told:
        if text is not None:
            (folder / "urlcheck.toml").write_text(text, encoding="utf-8")
        told = Told({})

        def take(**params: Any) -> int:
            told.params.update(params)
            return 0

        monkeypatch.setattr(command, "callback", take)
        assert run(arguments) == 0
        return told

    return call


@pytest.fixture
def complain(folder: Path, capsys: pytest.CaptureFixture[str]) -> Complain:
    """Run the command line, which fails; its one line without its name."""

    def call(content: str | bytes | None, *arguments: str) -> str:
        if content is not None:
            (folder / "urlcheck.toml").write_bytes(content.encode() if isinstance(content, str) else content)
        assert run(arguments) == 2
        said = capsys.readouterr()
        assert (said.out, said.err.count("\n")) == ("", 1)
        return said.err.removeprefix("urlcheck: ").removesuffix("\n")

    return call
