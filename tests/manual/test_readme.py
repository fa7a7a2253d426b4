from __future__ import annotations

import re
import shlex
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

from tests.manual.pages import PAGES, README, ROOT, blocks, rows, sections
from tests.support.marks import on_posix
from tests.support.program import Urlcheck, finish
from urlcheck.model.verdict import Verdict
from urlcheck.options.topics import TOPICS


def test_the_front_page_is_at_most_10_kb_long() -> None:
    assert len(README.encode()) <= 10_000


def test_the_front_page_links_to_every_topic_with_its_line() -> None:
    links = re.findall(r"^\| \[(\w+)\]\(urlcheck/manual/(\w+)\.md\) \| (.*) \|$", README, re.MULTILINE)
    assert links == [(topic, topic, line) for topic, line in TOPICS.items()]


def test_the_front_page_names_every_verdict_once() -> None:
    named = [verdict for names, _ in rows(sections(README)["Verdicts"]) for verdict in names.split(", ")]
    assert sorted(named) == sorted(Verdict)


def test_the_front_page_warns_of_the_other_project_on_pypi() -> None:
    assert "The name `urlcheck` on PyPI belongs\nto another project" in sections(README)["Install"]


def test_the_ci_snippets_of_the_front_page_are_those_of_the_manual() -> None:
    snippets = blocks(sections(README)["In CI"], "yaml")
    assert len(snippets) == 3
    assert [snippet for snippet in snippets if snippet not in blocks(PAGES["ci"], "yaml")] == []


def test_every_path_in_the_section_for_developers_exists() -> None:
    quoted = re.findall(r"`([^`]+)`", sections(README)["Development"])
    paths = [text for text in quoted if "/" in text or text.endswith(".py")]
    assert {"api.py", "engine/", ".ci/run"} <= {*paths}
    assert [path for path in paths if not any((folder / path).exists() for folder in (ROOT, ROOT / "urlcheck"))] == []


def level(output: str) -> str:
    """An output without times, rates, the widths that depend on them, and the order of the counts."""
    *lines, counts = re.sub(r"[ ─]+", " ", re.sub(r"\d[\d.]*( m?s\b| URLs/s)", r"N\1", output)).strip().splitlines()
    return "\n".join([*lines, *sorted(counts.strip().split(", "))])


@on_posix  # Windows takes two seconds to refuse a connection
async def test_the_run_that_is_shown_gives_the_output_that_is_shown(urlcheck: Urlcheck, site: str) -> None:
    [example] = blocks(README, "console")
    typed, shown = example.replace("localhost:8080", site.removeprefix("http://")).split("\n\n", 1)
    prompt, program, *arguments = shlex.split(typed.replace("\\\n", ""))
    assert (prompt, program) == ("$", "urlcheck")
    finished = await urlcheck(*arguments)
    assert (level(finished.stdout), finished.stderr, finished.status) == (level(shown), "", 1)


async def test_the_configuration_of_the_front_page_checks_the_demo_site(urlcheck: Urlcheck, tmp_path: Path, site: str) -> None:
    [example] = blocks(README, "toml")
    (tmp_path / "urlcheck.toml").write_text(example, encoding="utf-8")
    finished = await urlcheck("-o", "jsonl", env={"SITE": site})
    assert (finished.status, finished.verdicts) == (0, {"/users": "ok", "/account": "ok"})


async def test_the_script_of_the_front_page_runs(tmp_path: Path, site: str) -> None:
    [example] = blocks(README, "python")
    script = tmp_path / "example.py"
    script.write_text(example.replace("https://example.org", site), encoding="utf-8")
    finished = await finish(await create_subprocess_exec(sys.executable, str(script), stdout=PIPE, stderr=PIPE))
    assert (finished.status, finished.stdout.rstrip(), finished.stderr) == (0, f"{site} ok 200 OK", "")
