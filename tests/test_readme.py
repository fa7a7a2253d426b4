"""README and command cannot drift apart."""

from __future__ import annotations

import json
import re
import shlex
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tests.support.marks import on_posix
from tests.support.program import Urlcheck, finish
from urlcheck.cli import command
from urlcheck.reports.registry import FORMATS
from urlcheck.reports.rules import RULES
from urlcheck.settings import Settings
from urlcheck.verdict import Verdict

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ELSEWHERE = ROOT / "tests/benchmarks/README.md"


def section(heading: str) -> str:
    """The text under a heading of the second level."""
    found = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f"README.md has no section '## {heading}'"
    return found[1]


def first_cells(text: str) -> Iterator[str]:
    """The first cells of all rows of all tables."""
    return (row[1] for row in re.finditer(r"^\| *((?:[^|\\]|\\.)*?) *\|", text, re.MULTILINE))


def options_of(cells: Iterator[str]) -> set[str]:
    """`-t, --timeout` of a cell: the names of its options, in code, without their arguments."""
    code = " ".join(code for cell in cells for code in re.findall(r"`([^`]*)`", cell))
    return set(re.findall(r"(?<![\w-])--?[A-Za-z0-9][\w-]*", code))


def test_the_readme_lists_every_option_and_no_other() -> None:
    options = {name for param in command.params if isinstance(param, click.Option) for name in param.opts}
    assert options_of(first_cells(section("Options"))) - {"-h", "--help"} == options - {"-h", "--help"}


def rows(text: str) -> Iterator[list[str]]:
    """The cells of all rows of all tables, without the marks of code."""
    for line in re.findall(r"^\| *`.*\|$", text, re.MULTILINE):
        yield [cell.strip().replace("`", "") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def anchors(text: str) -> list[str]:
    """What the headings are linked by."""
    return [
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in re.findall("^##+ (.*)$", text, re.MULTILINE)
    ]


def level(output: str) -> str:
    """An output without what differs from run to run: times, rates, the widths that come of them, the order of the counts."""
    *lines, counts = re.sub(r"[ ─]+", " ", re.sub(r"\d[\d.]*( m?s\b| URLs/s)", r"N\1", output)).strip().splitlines()
    return "\n".join([*lines, *sorted(counts.strip().split(", "))])


def test_the_readme_explains_every_verdict_once_and_in_order() -> None:
    assert [verdict for verdict, *_ in rows(section("Verdicts"))] == list(Verdict)


@pytest.mark.parametrize("verdict", RULES)
def test_the_readme_says_of_a_verdict_what_the_reports_say(verdict: Verdict) -> None:
    [(when, advice)] = [(when, advice) for name, when, _, advice in rows(section("Verdicts")) if name == verdict]
    assert when.casefold().startswith(RULES[verdict].meaning.casefold())
    assert advice.casefold().startswith(RULES[verdict].advice.removesuffix(".").casefold())


def test_the_readme_lists_every_format() -> None:
    assert [name for name, *_ in rows(section("Formats"))] == list(FORMATS)


def test_the_contents_name_every_chapter_in_order() -> None:
    contents = README[: README.index("\n## ")]
    assert re.findall(r"\[[^]]+\]\(#([^)]+)\)", contents) == anchors("".join(re.findall("^## .*\n", README, re.MULTILINE)))


def test_links_lead_to_what_is_there() -> None:
    for file in (ROOT / "README.md", ELSEWHERE):
        text = file.read_text(encoding="utf-8")
        links = re.findall(r"\]\((?!https?:)([^)]+)\)", text)
        assert [link for link in links if link.startswith("#") and link[1:] not in anchors(text)] == []
        assert [link for link in links if not link.startswith("#") and not (file.parent / link).exists()] == []


@on_posix  # Windows takes two seconds to refuse a connection
async def test_what_the_readme_shows_of_a_run_is_so(urlcheck: Urlcheck, site: str) -> None:
    """Up to the times, and the port of the demo site."""
    [example] = re.findall(r"^```console\n(.*?)^```$", section("Everyday uses"), re.MULTILINE | re.DOTALL)
    typed, shown = example.replace("localhost:8080", site.removeprefix("http://")).split("\n\n", 1)
    prompt, program, *arguments = shlex.split(typed.replace("\\\n", ""))
    assert (prompt, program) == ("$", "urlcheck")
    finished = await urlcheck(*arguments)
    assert (level(finished.stdout), finished.stderr, finished.status) == (level(shown), "", 1)


async def test_a_json_line_has_the_keys_that_the_readme_shows(urlcheck: Urlcheck, site: str) -> None:
    [example] = re.findall(r"^```json\n(.*?)^```$", section("Formats"), re.MULTILINE | re.DOTALL)
    [record] = (await urlcheck(f"{site}/redirect/1", "-o", "jsonl")).records
    shown = json.loads(example)
    assert (list(record), list(record["redirects"][0])) == (list(shown), list(shown["redirects"][0]))


async def test_the_library_is_used_as_the_readme_says(tmp_path: Path, site: str) -> None:
    [example] = re.findall(r"^```python\n(.*?)^```$", section("As a library"), re.MULTILINE | re.DOTALL)
    script = tmp_path / "example.py"
    script.write_text(example.replace("https://example.org", site) + "print(results[0].verdict)\n", encoding="utf-8")
    process = await create_subprocess_exec(sys.executable, str(script), stdout=PIPE, stderr=PIPE)
    finished = await finish(process)
    assert (finished.status, finished.stderr) == (0, "")
    assert {*finished.stdout.splitlines()} == {f"{site}/a 404 Not Found", f"{site}/b 404 Not Found", "ok"}


def test_the_fields_of_the_settings_are_the_options_with_underscores() -> None:
    """Up to those of which the README says how they differ, and `keep_body`, which is `--show-body`."""
    options = {name.lstrip("-").replace("-", "_") for param in command.params for name in param.opts}
    differing = {field.name for field in fields(Settings)} - options
    assert differing == {"dedupe", "headers", "expect_headers", "ip_version", "keep_body"}
    assert {name for name in differing if f"`{name}" not in section("As a library")} == set()


def test_the_help_fits_into_80_columns() -> None:
    shown = CliRunner().invoke(command, ["--help"], terminal_width=80).output
    assert [line for line in shown.splitlines() if len(line) > 80] == []
    assert "--resolve SPEC " in shown
