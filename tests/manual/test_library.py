"""The examples of the page on the library are run as they are written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.manual.pages import PAGES, blocks, sections
from tests.support.program import Finished, Urlcheck
from urlcheck.demo.site import serve_aside

PLUGIN = sections(PAGES["library"])["Formats of your own"]


@pytest.fixture(scope="module")
def plugins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the distribution of the page is installed."""
    project, folder = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("plugins")
    [metadata], [module] = blocks(PLUGIN, "toml"), blocks(PLUGIN, "python")
    (project / "pyproject.toml").write_text(metadata)
    (project / "urlcheck_tally.py").write_text(module)
    options = ["--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check"]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, "--target", folder, project], check=True)
    return folder


async def test_the_format_of_the_page_can_be_installed_and_used(urlcheck: Urlcheck, plugins: Path, site: str) -> None:
    urls = [f"{site}/health", f"{site}/status/404"]
    finished = await urlcheck("--output", "tally", *urls, env={"PYTHONPATH": str(plugins)})
    assert finished == Finished(1, f"status {site}/status/404 404 Not Found\n1 of 2 passed\n", "")


async def test_the_format_of_the_page_leaks_no_secret(urlcheck: Urlcheck, plugins: Path, site: str) -> None:
    url = f"{site}/status/404?token=hunter2".replace("://", "://me:hunter3@")
    finished = await urlcheck("--output", "tally", "--quiet", url, env={"PYTHONPATH": str(plugins)})
    assert "hunter" not in finished.stdout
    assert "me:****@" in finished.stdout


def test_the_examples_are_python() -> None:
    for example in blocks(PAGES["library"], "python"):
        compile(example, "library.md", "exec")


def test_the_example_of_targets_runs(capsys: pytest.CaptureFixture[str]) -> None:
    [example] = blocks(sections(PAGES["library"])["Targets"], "python")
    with serve_aside() as site:
        code = example.replace("https://example.org/gone", f"{site}/status/410").replace("https://example.org", site)
        exec(compile(code, "library.md", "exec"), {})
    assert capsys.readouterr().out == "{'row': 1} ok\nNone ok\n"
