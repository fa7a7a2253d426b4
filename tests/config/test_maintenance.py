"""`[[maintenance]]` in a configuration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.command import Complain, Tell
from tests.support.program import RunHere
from urlcheck.watch.cron import parse_cron
from urlcheck.watch.maintenance import Once, Repeated, Window

TARGET = "[[target]]\nurl = 'a.example'\n"


def read(tell: Tell, text: str) -> list[Window]:
    windows: list[Window] = tell(f"{text}\n{TARGET}").params["maintenance"]
    return windows


@pytest.mark.parametrize("start", ["2026-12-01T22:00:00Z", "'2026-12-01T22:00:00Z'"])
def test_a_window_has_two_ends(tell: Tell, start: str) -> None:
    [window] = read(tell, f"[[maintenance]]\nfrom = {start}\nuntil = 2026-12-02T00:30:00+01:00")
    assert window.times == Once(datetime(2026, 12, 1, 22, tzinfo=UTC), datetime(2026, 12, 1, 23, 30, tzinfo=UTC))
    assert window.concerns("https://any.example/")


def test_a_date_without_a_zone_is_local_midnight(tell: Tell) -> None:
    [window] = read(tell, "[[maintenance]]\nfrom = 2026-12-01\nuntil = 2026-12-02")
    assert window.times == Once(datetime(2026, 12, 1).astimezone(), datetime(2026, 12, 2).astimezone())


def test_a_window_repeats_at_the_times_of_a_cron_expression(tell: Tell) -> None:
    [window] = read(tell, '[[maintenance]]\ncron = "0 3 * * sun"\nduration = "2h"')
    assert window.times == Repeated(parse_cron("0 3 * * 0"), timedelta(hours=2))


def test_a_window_is_for_the_targets_that_its_expression_finds(tell: Tell) -> None:
    [window] = read(tell, "[[maintenance]]\nfrom = 2026-12-01\nuntil = 2026-12-02\ntargets = 'db|^Shop'")
    assert [
        window.concerns(*texts) for texts in (("https://db.example/", ""), ("https://x/", "Shop"), ("https://x/", "y"))
    ] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cron = '1 2'\nduration = '1h'", "urlcheck.toml:2: cron in [[maintenance]] 1: '1 2' is not a cron expression"),
        ("cron = '0 24 * * *'\nduration = '1h'", "urlcheck.toml:2: cron in [[maintenance]] 1: '24' is no hour"),
        ("cron = '0 3 * * *'\nduration = 'long'", "urlcheck.toml:3: duration in [[maintenance]] 1: 'long' is not a duration"),
        ("cron = '0 3 * * *'\nduration = '999h'", "urlcheck.toml:3: duration in [[maintenance]] 1 is more than 0 and at most"),
        ("cron = 5\nduration = '1h'", "urlcheck.toml:2: cron in [[maintenance]] 1 is not a text"),
        ("from = 5\nuntil = 6", "urlcheck.toml:2: from in [[maintenance]] 1 is no date such as"),
        ("from = 2026-12-02\nuntil = 2026-12-01", "urlcheck.toml:3: until in [[maintenance]] 1 is not after from"),
        ("targets = 'a'", "urlcheck.toml:1: [[maintenance]] 1: write from and until, or cron and duration"),
        ("form = 2026-12-02", "urlcheck.toml:2: unknown key 'form' in [[maintenance]] 1; did you mean 'from'?"),
        ("from = 2026-12-01\nuntil = 2026-12-02\ntargets = '('", "urlcheck.toml:4: targets in [[maintenance]] 1: '(' is not"),
    ],
)
def test_a_window_that_cannot_be_used_is_refused_with_its_place(complain: Complain, text: str, message: str) -> None:
    assert complain(f"[[maintenance]]\n{text}\n{TARGET}").startswith(message)


def test_windows_are_an_array_of_tables(complain: Complain) -> None:
    assert complain(f"[maintenance]\ncron = ''\n{TARGET}").startswith(
        "urlcheck.toml:1: write [[maintenance]], with two brackets"
    )


def test_the_configuration_that_is_shown_has_the_windows(tmp_path: Path, run_here: RunHere) -> None:
    (tmp_path / "a.toml").write_text("[[maintenance]]\nfrom = 2026-12-01\nuntil = '2026-12-02'\n")
    shown = run_here("--print-config", "--config", str(tmp_path / "a.toml")).stdout.splitlines()
    header = shown.index("[[maintenance]]")
    assert [line.split("  ")[0] for line in shown[header + 1 :]] == ['from = "2026-12-01"', 'until = "2026-12-02"']


def test_the_path_of_a_receiver_is_not_shown(run_here: RunHere) -> None:
    shown = run_here("--notify", "https://hooks.example.org/T0/B1?x", "--watch", "1m", "--print-config", "a.example").stdout
    assert 'notify = "https://hooks.example.org/****"' in shown
    assert "B1" not in shown
