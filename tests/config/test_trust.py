from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Complain, Tell

FOUND = "a configuration that was found, not named,"
NAMED = ("--config", "urlcheck.toml")


@pytest.fixture
def places(folder: Path, tmp_path: Path) -> Path:
    """The working directory, with hidden directories, and with links to them and to what is outside."""
    for directory in (".git/hooks", ".venv/site", "reports/.cache", "ci"):
        (folder / directory).mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "body.json").write_text("{}")
    (folder / "body.json").write_text("{}")
    (folder / ".env").write_text("{}")
    (folder / ".git" / "config").write_text("{}")
    (folder / "hooks").symlink_to(".git/hooks")
    (folder / "link.json").symlink_to(tmp_path / "outside" / "body.json")
    (folder / "hidden.json").symlink_to(".env")
    return folder


# --- writing ---


@pytest.mark.parametrize("file", ["out.csv", "a/out.csv", "../out.csv", "/dev/null", ".git/hooks/pre-commit", "link.json"])
@pytest.mark.usefixtures("places")
def test_a_configuration_that_was_found_writes_no_file(complain: Complain, file: str) -> None:
    message = f"{FOUND} writes no file; type --config urlcheck.toml or -o csv={file}"
    assert complain(f"output = ['table', 'csv={file}']", "x") == f"urlcheck.toml:1: {message}"


def test_the_words_to_type_can_be_pasted_into_a_shell(
    folder: Path, complain: Complain, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a b").mkdir()
    (folder / "a b" / ".git").mkdir()
    (folder / "a b" / "pyproject.toml").write_text("[tool.urlcheck]\noutput = 'csv=a;b'\n")
    (folder / "a b" / "deep").mkdir()
    monkeypatch.chdir(folder / "a b" / "deep")
    assert complain(None, "x").endswith("; type --config ../pyproject.toml or -o 'csv=../a;b'")


def test_a_configuration_that_was_found_writes_to_standard_output(tell: Tell) -> None:
    assert tell("output = 'jsonl'", "x").output.outputs == (("jsonl", None),)


def test_the_command_line_and_the_environment_write_files_beside_a_configuration_that_was_found(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tell("output = 'csv=a.csv'", "x", "-o", "csv=b.csv").output.outputs == (("csv", "b.csv"),)
    monkeypatch.setenv("URLCHECK_OUTPUT", "csv=c.csv")
    assert tell(None, "x").output.outputs == (("csv", "c.csv"),)


@pytest.mark.parametrize("file", ["out.csv", "reports/out.csv", "../out.csv", ".out.csv"])
@pytest.mark.usefixtures("places")
def test_a_configuration_that_is_named_writes_files(tell: Tell, file: str) -> None:
    assert tell(f"output = 'csv={file}'", "x", *NAMED).output.outputs == (("csv", file),)


@pytest.mark.parametrize(
    ("file", "hidden"),
    [
        (".git/hooks/pre-commit", ".git"),
        (".venv/site/a.pth", ".venv"),
        ("reports/.cache/out.csv", ".cache"),
        ("reports/../.git/hooks/pre-commit", ".git"),
        ("hooks/pre-commit", ".git"),
        (".missing/out.csv", ".missing"),
    ],
)
@pytest.mark.usefixtures("places")
def test_a_configuration_that_is_named_writes_to_no_hidden_directory(
    complain: Complain, tell: Tell, monkeypatch: pytest.MonkeyPatch, file: str, hidden: str
) -> None:
    message = f"{file} is in the hidden directory {hidden}; type -o csv={file} to write there"
    assert complain(f"output = 'csv={file}'", "x", *NAMED) == f"urlcheck.toml:1: {message}"
    assert tell(None, "x", *NAMED, "-o", f"csv={file}").output.outputs == (("csv", file),)
    monkeypatch.setenv("URLCHECK_CONFIG", "urlcheck.toml")
    assert complain(None, "x").endswith(message)


def test_a_hidden_directory_beside_its_own_is_hidden_too(places: Path, complain: Complain) -> None:
    (places / "ci" / "own.toml").write_text("output = 'csv=../.git/hooks/pre-commit'")
    assert "is in the hidden directory .git" in complain(None, "x", "--config", "ci/own.toml")


def test_a_configuration_in_a_hidden_directory_writes_beside_itself(places: Path, tell: Tell) -> None:
    (places / ".venv" / "own.toml").write_text("output = 'csv=site/out.csv'")
    assert tell(None, "x", "--config", ".venv/own.toml").output.outputs == (("csv", ".venv/site/out.csv"),)


def test_a_report_whose_name_no_file_can_have_is_refused(complain: Complain) -> None:
    message = "'a\\x00b' is not the name of a file"
    assert complain('output = "csv=a\\u0000b"', "x", *NAMED) == f"urlcheck.toml:1: {message}"


# --- reading ---


@pytest.mark.parametrize("key", ["data = '@{}'", "json = '@{}'", "file = '{}'", "unix-socket = '{}'"])
@pytest.mark.parametrize(
    ("file", "where"),
    [
        ("../../outside/body.json", "outside"),
        ("{tmp_path}/outside/body.json", "outside"),
        ("${{HERE}}/outside/body.json", "outside"),
        ("link.json", "outside"),
        (".env", "hidden in"),
        (".git/config", "hidden in"),
        ("hidden.json", "hidden in"),
    ],
)
@pytest.mark.usefixtures("places")
def test_a_configuration_that_was_found_sends_no_file_from_elsewhere(
    complain: Complain, tell: Tell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, file: str, where: str
) -> None:
    monkeypatch.setenv("HERE", str(tmp_path))
    file = file.format(tmp_path=tmp_path)
    told = complain(text := key.format(file))
    name = key.partition(" ")[0]
    assert (
        told
        == f"urlcheck.toml:1: {name}: {FOUND} uses no such file: {file} is {where} its directory; type --config urlcheck.toml"
    )
    assert complain(f"[[target]]\nurl = 'a.example'\n{text}").startswith("urlcheck.toml:3: " if name != "file" else "")
    assert tell(text, "x", *NAMED).settings


@pytest.mark.parametrize(
    "text", ["data = '@body.json'", "json = '@body.json'", "file = ['a.txt', '-']", "unix-socket = 'ci/app.sock'"]
)
@pytest.mark.usefixtures("places")
def test_a_configuration_that_was_found_sends_files_of_its_own_directory(tell: Tell, text: str) -> None:
    assert tell(text, "x").settings


def test_a_configuration_that_was_found_does_not_use_the_netrc(complain: Complain, tell: Tell) -> None:
    message = f"netrc: {FOUND} does not use it; type --config urlcheck.toml or --netrc"
    assert complain("netrc = true", "x") == f"urlcheck.toml:1: {message}"
    assert tell("netrc = true", "x", *NAMED).settings.netrc
    assert tell("netrc = false", "x", "--netrc").settings.netrc


def test_a_configuration_that_was_found_does_not_choose_a_cluster(complain: Complain, tell: Tell) -> None:
    message = f"dask: {FOUND} does not use it; type --config urlcheck.toml or --dask"
    assert complain('dask = "tcp://host:8786"', "x") == f"urlcheck.toml:1: {message}"
    assert tell('dask = "tcp://host:8786"', "x", *NAMED).settings.dask == "tcp://host:8786"
