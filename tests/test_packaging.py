"""What is built from the checkout, and what the files for CI rely on."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
LICENSE = (ROOT / "urlcheck/LICENSE").read_bytes()
# what a checkout has besides its own files
_MADE = {
    ".venv",
    ".git",
    "build",
    "dist",
    "__pycache__",
    ".hypothesis",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".coverage",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def unpacked(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in the sdist."""
    [file] = built.glob("*.tar.gz")
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")
    [root] = folder.iterdir()
    return root


def list_files(root: Path) -> set[str]:
    found = set()
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in _MADE]
        found |= {(Path(folder) / name).relative_to(root).as_posix() for name in files if name not in _MADE}
    return found


def test_the_sdist_holds_the_whole_checkout(unpacked: Path) -> None:
    assert {name for name in list_files(ROOT) - list_files(unpacked) if not name.endswith(".pyc")} == set()


def test_the_tests_of_the_sdist_pass(unpacked: Path) -> None:
    """Those that read files beside the package; the others need nothing but the package and themselves."""
    tests = ["tests/test_ci.py", "tests/test_packaging.py"]
    command = [
        sys.executable,
        "-P",
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "-k",
        "pinned or hook or inputs or gitlab",
        *tests,
    ]
    finished = subprocess.run(
        command, cwd=unpacked, env={**os.environ, "PYTHONPATH": str(unpacked)}, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout


def test_the_text_of_the_licence_is_in_sdist_and_wheel(built: Path, unpacked: Path) -> None:
    [wheel] = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if ".dist-info/licenses/" in name]
        assert archive.read(name) == LICENSE
    assert (unpacked / "urlcheck/LICENSE").read_bytes() == LICENSE


@pytest.mark.parametrize("file", [".github/workflows/ci.yml", ".github/actions/urlcheck/action.yml"])
def test_every_action_is_pinned_by_commit(file: str) -> None:
    used = re.findall(r"uses: (.*)", (ROOT / file).read_text("utf-8"))
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", name)] == []


def test_a_checkout_in_ci_is_pinned_and_keeps_no_credentials() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"] if "checkout" in step.get("uses", "")]
    assert [step["with"]["persist-credentials"] for step in steps] == [False] * len(steps)
