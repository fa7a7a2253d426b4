"""Completion as a person gets it: a real bash on a pseudo-terminal, with the script that the manual installs."""

from __future__ import annotations

import os
import select
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.clock import PATIENCE
from tests.support.marks import on_posix

BASH = shutil.which("bash")
pytestmark = [on_posix, pytest.mark.skipif(BASH is None, reason="no bash here")]

IS_NEW = "((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404))"
# Ctrl-O prints the line that is being edited
SETUP = """
PS1=
bind 'set enable-bracketed-paste off' 2>/dev/null
bind 'set bell-style none'
bind -x '"\\C-o": printf "<<%s>>" "$READLINE_LINE"'
eval "$(_URLCHECK_COMPLETE=bash_source urlcheck)"
"""


class Bash:
    """A bash that a person types into. `setup`: more lines for its start."""

    def __init__(self, folder: Path, setup: str = "") -> None:
        program = folder / "bin" / "urlcheck"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m urlcheck "$@"\n')
        program.chmod(0o755)
        start = folder / "start.sh"
        start.write_text(SETUP + setup)
        work = folder / "work"
        (work / "sub").mkdir(parents=True)
        for name in ("urls.txt", "body.json", "my body.json", "sub/list.html"):
            (work / name).touch()
        path = f"{program.parent}:{os.environ['PATH']}"
        self._leader, follower = os.openpty()
        self._process = subprocess.Popen(
            [str(BASH), "--noprofile", "--rcfile", str(start), "-i"],
            stdin=follower, stdout=follower, stderr=follower, cwd=work, start_new_session=True,
            env={"PATH": path, "TERM": "dumb", "HOME": str(work), "INPUTRC": os.devnull, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        os.close(follower)

    def complete(self, line: str) -> str:
        """The line after it was typed and the Tab key was pressed."""
        os.write(self._leader, f"{line}\t\x0f".encode())
        written = b""
        while b">>" not in written:
            assert select.select([self._leader], [], [], PATIENCE)[0], written
            written += os.read(self._leader, 65536)
        os.write(self._leader, b"\x15")  # Ctrl-U empties the line
        return written.decode().rpartition("<<")[2].partition(">>")[0]

    def close(self) -> None:
        os.close(self._leader)  # which is a hangup for bash
        self._process.kill()
        self._process.wait(PATIENCE)


@pytest.fixture(scope="module", autouse=True)
def _is_new() -> None:
    if subprocess.run([str(BASH), "-c", IS_NEW], check=False).returncode:
        pytest.skip("this bash is older than 4.4, which Click requires")


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bash]:
    shell = Bash(tmp_path_factory.mktemp("bash"))
    yield shell
    shell.close()


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("--output=js", "--output=jsonl "),
        ("--allow=dns,time", "--allow=dns,timeout "),
        ("-f urls.txt --outp", "-f urls.txt --output "),
    ],
)
def test_a_word_is_completed_before_and_after_an_equals_sign(bash: Bash, typed: str, completed: str) -> None:
    assert bash.complete(f"urlcheck {typed}") == f"urlcheck {completed}"


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("--file ur", "--file urls.txt "),
        ("--file=ur", "--file=urls.txt "),
        ("-o html=sub/li", "-o html=sub/list.html "),
        ("--output=html=sub/li", "--output=html=sub/list.html "),
        ('ümlaut -o "html=../work/ur', 'ümlaut -o "html=../work/urls.txt" '),
    ],
)
def test_a_file_is_completed_after_an_equals_sign(bash: Bash, typed: str, completed: str) -> None:
    assert bash.complete(f"urlcheck {typed}") == f"urlcheck {completed}"


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("--data @bo", "--data @body.json "),
        ("--json @bo", "--json @body.json "),
        ("--data=@bo", "--data=@body.json "),
        ("--json @sub/", "--json @sub/list.html "),
        ("--json @su", "--json @sub/"),
        ("--json @my", r"--json @my\ body.json "),
        (r"--json @my\ b", r"--json @my\ body.json "),
        ("--json '@my b", "--json '@my body.json' "),
    ],
)
def test_the_file_of_a_body_is_completed_after_its_at_sign(bash: Bash, typed: str, completed: str) -> None:
    assert bash.complete(f"urlcheck {typed}") == f"urlcheck {completed}"


@pytest.mark.parametrize("typed", ["-X PO", "--method PO", "--method=po"])
def test_a_method_is_completed_in_capitals(bash: Bash, typed: str) -> None:
    option = typed[:-2]
    assert bash.complete(f"urlcheck {typed}") == f"urlcheck {option}POST "


def test_words_are_completed_in_a_bash_that_does_not_split_them(tmp_path: Path) -> None:
    typed = ["--output=js", "--file=ur", "-o html=sub/li", "--data @bo"]
    with closing(Bash(tmp_path, "shopt -u hostcomplete\nCOMP_WORDBREAKS=' '\n")) as bash:
        completed = [bash.complete(f"urlcheck {words}").removeprefix("urlcheck ") for words in typed]
    assert completed == ["--output=jsonl ", "--file=urls.txt ", "-o html=sub/list.html ", "--data @body.json "]
