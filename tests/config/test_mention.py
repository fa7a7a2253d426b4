from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import Complain, Tell
from tests.support.program import Urlcheck
from urlcheck.config.mention import Mention
from urlcheck.options.groups import pick
from urlcheck.settings.output import OutputSettings

NOT_READ = "urlcheck: standard input was not read: urlcheck.toml names the targets; use - to read it\n"


@pytest.mark.parametrize(
    ("mention", "verbose", "said"),
    [
        (Mention("urlcheck.toml", was_found=True, keys=("timeout",), targets=0), False, "settings from urlcheck.toml"),
        (
            Mention("urlcheck.toml", was_found=True, keys=("timeout",), targets=2),
            True,
            "settings from urlcheck.toml: timeout, 2 [[target]]",
        ),
        (Mention("urlcheck.toml", was_found=False, keys=("timeout",), targets=0), False, None),
        (Mention("urlcheck.toml", was_found=True, keys=(), targets=0), False, None),
    ],
)
def test_a_file_that_was_found_is_mentioned(mention: Mention, verbose: bool, said: str | None) -> None:  # noqa: FBT001
    assert mention.describe(verbose=verbose) == said


def test_what_the_command_line_overrides_is_not_mentioned(tell: Tell) -> None:
    told = tell("timeout = 5\nretries = 0\n[[target]]\nurl = 'a.example'\n", "--timeout", "3s", "b.example")
    assert told.params["mention"] == Mention("urlcheck.toml", was_found=True, keys=("retries",), targets=0)


async def test_the_summary_names_the_file(urlcheck: Urlcheck, tmp_path: Path) -> None:
    (tmp_path / "urlcheck.toml").write_text("retries = 0\n")
    assert "\n  settings from urlcheck.toml\n" in (await urlcheck("ftp://a")).stdout
    assert "\n  settings from urlcheck.toml: retries\n" in (await urlcheck("ftp://a", "-v")).stdout
    assert "settings from" not in (await urlcheck("ftp://a", "--config", "urlcheck.toml")).stdout


@pytest.mark.parametrize("text", ["[[target]]\nurl = 'ftp://a'\n", "file = 'urls.txt'\n"])
async def test_a_list_that_is_piped_in_and_not_read_is_told(urlcheck: Urlcheck, tmp_path: Path, text: str) -> None:
    (tmp_path / "urlcheck.toml").write_text(text)
    (tmp_path / "urls.txt").write_text("ftp://a\n")
    finished = await urlcheck("-o", "jsonl", stdin=b"ftp://piped\n")
    assert (finished.stderr, finished.verdicts) == (NOT_READ, {"ftp://a": "invalid"})


@pytest.mark.parametrize("arguments", [["ftp://b"], ["-"], ["-q"]])
async def test_where_the_file_is_not_why_it_is_not_read_nothing_is_said(
    urlcheck: Urlcheck, tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "urlcheck.toml").write_text("[[target]]\nurl = 'ftp://a'\n")
    assert (await urlcheck(*arguments, stdin=b"ftp://piped\n")).stderr == ""


def test_a_missing_variable_of_a_setting_that_is_overridden_is_no_error(tell: Tell, complain: Complain) -> None:
    text = "user-agent = '${URLCHECK_TEST_MISSING}'\n"
    assert tell(text, "--user-agent", "mine", "a.example").settings.user_agent == "mine"
    assert complain(text, "a.example") == "urlcheck.toml:1: user-agent: the environment has no variable URLCHECK_TEST_MISSING"


@pytest.mark.parametrize(("text", "option", "field"), [("quiet = true", "-v", "verbose"), ("verbose = true", "-q", "quiet")])
def test_the_command_line_decides_between_quiet_and_verbose(tell: Tell, text: str, option: str, field: str) -> None:
    output = pick(OutputSettings, tell(text, option, "a.example").params)
    assert (output.quiet, output.verbose) == (field == "quiet", field == "verbose")


def test_a_file_that_is_quiet_and_verbose_is_refused(complain: Complain) -> None:
    assert complain("quiet = true\nverbose = true", "a.example") == (
        "urlcheck.toml:1: quiet: cannot be used together with verbose"
    )
