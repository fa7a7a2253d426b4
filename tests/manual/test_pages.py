from __future__ import annotations

import json
import re
import shlex
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click
import pytest

from tests.manual.pages import FOLDER, PAGES, README, ROOT, anchors, blocks, rows, sections
from tests.support.builders import CHECKED_AT, make_result, make_target
from tests.support.program import Urlcheck, finish
from urlcheck.cli.command import command
from urlcheck.config.document import read_document
from urlcheck.config.maintenance import read_window
from urlcheck.model.verdict import Verdict
from urlcheck.options.groups import GroupedOption
from urlcheck.options.topics import TOPICS
from urlcheck.reports.formats.rules import RULES
from urlcheck.reports.registry import FORMATS
from urlcheck.settings.identity import HOME_PAGE, VERSION
from urlcheck.settings.settings import Settings
from urlcheck.watch.notices import describe_certificate, describe_change
from urlcheck.watch.summary import summarise
from urlcheck.watch.view import RoundView, State
from urlcheck.watch.watched import Watched

OPTIONS = [param for param in command.params if isinstance(param, click.Option)]
MARKDOWN = [ROOT / "README.md", ROOT / "tests/benchmarks/README.md", *sorted(FOLDER.glob("*.md"))]


def test_every_topic_has_a_page_and_every_page_a_topic() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.md")) == sorted(TOPICS)


def test_the_list_of_topics_fits_80_columns() -> None:
    indent = 2 + max(map(len, TOPICS)) + 2
    assert [topic for topic, line in TOPICS.items() if indent + len(line) > 78] == []


@pytest.mark.parametrize("topic", TOPICS)
def test_a_page_begins_with_one_title(topic: str) -> None:
    titles = re.findall("^# .*", re.sub(r"^```.*?^```$", "", PAGES[topic], flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    assert titles == [PAGES[topic].partition("\n")[0]]


@pytest.mark.parametrize("file", MARKDOWN, ids=lambda file: str(file.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(file: Path) -> None:
    broken = []
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", file.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = file.parent / name if name else file
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []


# --- options ---


def names(cell: str) -> list[str]:
    """`-t, --timeout DURATION` → both names."""
    return [part.partition(" ")[0] for part in cell.split(", ") if part.startswith("-")]


def test_the_manual_lists_every_option_and_no_other() -> None:
    listed = [name for cell, *_ in rows(PAGES["options"]) for name in names(cell)]
    assert sorted(listed) == sorted(name for option in [*OPTIONS, *help_options()] for name in option.opts)


def help_options() -> list[click.Option]:
    """The help option, if Click adds it by itself."""
    help_option = command.get_help_option(command.make_context("urlcheck", ["a.example"]))
    return [help_option] if help_option and help_option not in OPTIONS else []


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: str(option.opts[-1]))
def test_the_manual_lists_an_option_as_the_help_does(option: click.Option) -> None:
    """Under the title of its group, with its argument and its default."""
    context = command.make_context("urlcheck", ["a.example"])
    record = option.get_help_record(context)
    assert record
    title = getattr(option, "group", "Configuration and help")
    [row] = [row for row in rows(sections(PAGES["options"])[title]) if option.opts[0] in names(row[0])]
    assert row[0] == record[0]
    if isinstance(option, GroupedOption):
        default = option.shown_default or ""
        assert row[1] == default.replace(VERSION, "VERSION").removesuffix(f" (+{HOME_PAGE})")


def test_the_commands_that_are_shown_are_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "query.json").write_text("{}")
    (tmp_path / "item.xml").write_text("<a/>")
    shown = [line for text in [README, *PAGES.values()] for block in blocks(text, "sh") for line in block.splitlines()]
    commands = [found[0] for line in shown for found in re.finditer(r"\burlcheck [^&|]*(?:&& database[^|]*)?", line)]
    assert len(commands) > 20
    for text in commands:
        _, *arguments = shlex.split(text.replace("*.md", ""), comments=True)
        command.make_context("urlcheck", arguments)


# --- verdicts and formats ---


def test_the_manual_explains_every_verdict_once_and_in_order() -> None:
    assert [verdict for verdict, *_ in rows(PAGES["verdicts"])] == list(Verdict)


@pytest.mark.parametrize("verdict", RULES)
def test_the_manual_and_the_reports_explain_a_verdict_alike(verdict: Verdict) -> None:
    [(when, advice)] = [(when, advice) for name, when, _, advice in rows(PAGES["verdicts"]) if name == verdict]
    assert when.casefold().startswith(RULES[verdict].meaning.casefold())
    assert advice.casefold().startswith(RULES[verdict].advice.removesuffix(".").casefold())


def test_the_manual_lists_every_format() -> None:
    introduction = PAGES["formats"].partition("\n## ")[0]
    assert [name for name, *_ in rows(introduction)] == list(FORMATS)


async def test_a_json_line_has_the_keys_that_the_manual_shows_and_explains(urlcheck: Urlcheck, site: str) -> None:
    section = sections(PAGES["formats"])["jsonl"]
    [example] = blocks(section, "json")
    [record] = (await urlcheck(f"{site}/redirect/1", "-o", "jsonl")).records
    shown = json.loads(example)
    assert (list(record), list(record["redirects"][0])) == (list(shown), list(shown["redirects"][0]))
    assert [key for key, _ in rows(section)] == [*record, "name", "worker", "change", "cached"]


# --- library and changelog ---


async def test_the_script_of_the_manual_runs(tmp_path: Path, site: str) -> None:
    example, *_ = blocks(PAGES["library"], "python")
    script = tmp_path / "example.py"
    script.write_text(example.replace("https://example.org", site) + "print(results[0].verdict)\n", encoding="utf-8")
    process = await create_subprocess_exec(sys.executable, str(script), stdout=PIPE, stderr=PIPE)
    finished = await finish(process)
    assert (finished.status, finished.stderr) == (0, "")
    assert {*finished.stdout.splitlines()} == {f"{site}/a 404 Not Found", f"{site}/b 404 Not Found", "ok"}


def test_the_manual_lists_the_fields_of_settings_that_are_not_named_like_their_options() -> None:
    options = {name.lstrip("-").replace("-", "_") for option in OPTIONS for name in option.opts}
    differing = {field.name for field in fields(Settings)} - options
    listed = {name.partition("=")[0] for cell, _ in rows(PAGES["library"]) for name in cell.split(", ")}
    assert listed == differing


def test_the_changelog_begins_with_this_version() -> None:
    [latest, *_] = sections(PAGES["changelog"])
    assert latest.split(",")[0] == VERSION


# --- watch ---


def test_the_manual_lists_every_state_of_a_watch() -> None:
    listed = [state for state, _ in rows(sections(PAGES["watch"])["States"])]
    assert sorted(listed) == sorted(State)


def test_the_manual_shows_windows_that_can_be_used(tmp_path: Path) -> None:
    [example] = blocks(PAGES["watch"], "toml")
    file = tmp_path / "urlcheck.toml"
    file.write_text(example, encoding="utf-8")
    assert len([read_window(table) for table in read_document(str(file)).maintenance]) == 2


def test_the_manual_shows_a_notification_with_the_keys_that_it_has() -> None:
    [example] = blocks(PAGES["watch"], "json")
    shown = json.loads(example)
    watched = Watched("id", make_target(), CHECKED_AT)
    watched.record(make_result())
    now = datetime.now(UTC)
    assert list(shown["changes"][0]) == list(describe_change(watched))
    assert list(shown["certificates"][0]) == list(describe_certificate(watched, now))
    round_view = RoundView(now, now, 1.0, 0, 30.0)
    summary = summarise([(State.UP, now, False)], round_view)
    its_round = cast("dict[str, object]", summary["round"])
    assert (list(shown["summary"]), list(shown["summary"]["round"])) == (list(summary), list(its_round))
