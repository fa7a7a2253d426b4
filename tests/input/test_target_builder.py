from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import make_builder, target_of
from urlcheck.http.url import parse
from urlcheck.input.target_builder import Entry, Item, TargetBuilder
from urlcheck.model.errors import SettingsError
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.model.verdict import Verdict
from urlcheck.settings.settings import Settings


def build(*entries: str, **values: Any) -> tuple[TargetBuilder, list[Item | None]]:
    builder = make_builder(**values)
    return builder, [builder.build(entry, "arguments") for entry in entries]


def index_of(item: Item | None) -> int | None:
    return None if item is None else target_of(item).index


def test_a_target_keeps_the_entry_as_it_was_written_but_for_blanks_around_it() -> None:
    target = make_builder().build(" Example.org/Page#f\t", "urls.txt", 3)
    assert target == Target("Example.org/Page#f", "urls.txt", 3, 0, parse("https://Example.org/Page#f"))


@given(st.text(" \t\r\n"), st.characters(categories=["Cc", "Zs", "Zl", "Zp"], exclude_characters=" \t\r\n"), st.booleans())
def test_no_other_character_is_dropped_from_an_entry(blanks: str, char: str, is_first: bool) -> None:  # noqa: FBT001
    entry = f"{char}/path" if is_first else f"http://host/path{char}"
    target = make_builder().build(f"{blanks}{entry}{blanks}", "arguments")
    url = target.target.url if isinstance(target, Result) else target and target.url
    assert url == entry
    if isinstance(target, Target):
        assert target.request
        assert target.request.target == f"/path{quote(char)}"


@pytest.mark.parametrize("char", "\x00\x0b\x0c\x1c\x1d\x1e\x1f\x7f\x85")
def test_a_control_character_at_the_end_of_an_entry_makes_it_invalid(char: str) -> None:
    target = make_builder().build(f"http://host/path{char}", "arguments")
    assert isinstance(target, Result)
    assert (target.verdict, target.detail) == (Verdict.INVALID, "a control character inside")


def test_targets_are_numbered_in_the_order_of_the_input_over_all_sources() -> None:
    builder = make_builder()
    targets = [
        builder.build("example.org", "arguments"),
        builder.reject("caf\\xe9", "urls.txt", 1, "not UTF-8"),
        builder.build("example.org", "urls.txt", 2),
        builder.build("two words", "urls.txt", 3),
        builder.build("example.net", "stdin", 1),
    ]
    assert [index_of(target) for target in targets] == [0, 1, None, 2, 3]


@pytest.mark.parametrize(
    "again",
    [
        "https://example.org/a?q",
        "example.org/a?q",
        "HTTPS://EXAMPLE.ORG/a?q",
        "https://example.org:443/a?q",
        "example.org/a?q#f",
    ],
)
def test_a_duplicate_is_counted_and_not_reported(again: str) -> None:
    builder, targets = build("https://example.org/a?q", again)
    assert targets[1] is None
    assert builder.duplicates == 1


@pytest.mark.parametrize(
    "other",
    [
        "http://example.org/a?q",
        "https://example.org/A?q",
        "https://example.org/a?Q",
        "https://example.org/a?q&",
        "https://example.org/%61?q",
        "https://example.org/x/../a?q",
        "https://example.org:8443/a?q",
        "https://example.org./a?q",
        "https://user@example.org/a?q",
        "https://None@example.org/a?q",
    ],
)
def test_urls_that_are_requested_differently_are_no_duplicates(other: str) -> None:
    builder, targets = build("https://example.org/a?q", other)
    assert targets[1] is not None
    assert builder.duplicates == 0


def test_an_invalid_entry_is_reported_every_time() -> None:
    builder, targets = build("ftp://example.org/", "ftp://example.org/")
    assert None not in targets
    assert builder.duplicates == 0


def test_every_entry_is_reported_without_dedupe() -> None:
    builder, targets = build("example.org", "example.org", dedupe=False)
    assert [index_of(target) for target in targets] == [0, 1]
    assert builder.duplicates == 0


@pytest.mark.parametrize(("dedupe", "urls"), [(True, ["b"]), (False, ["a", "b"])])
def test_a_url_that_has_a_result_already_is_passed_over_unless_every_entry_counts(dedupe: bool, urls: list[str]) -> None:  # noqa: FBT001
    builder = make_builder(dedupe=dedupe)
    numbers = {parse(f"https://{name}").key: number for number, name in enumerate("ab", 1)}
    builder.identify_by(numbers.__getitem__, {1})
    items = [builder.build(url, "arguments") for url in ("a", "b")]
    assert [target_of(item).url for item in items if item] == urls


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, None),
        ({"include": ("/docs/",)}, None),
        ({"include": ("/blog/", "^https://example")}, None),
        ({"include": ("/blog/", "/shop/")}, "matches none of the expressions to include"),
        ({"exclude": ("/blog/",)}, None),
        ({"exclude": ("/blog/", r"\.html$")}, r"excluded by '\\.html$'"),
        ({"include": ("/docs/",), "exclude": ("html",)}, "excluded by 'html'"),
    ],
)
def test_filters_skip_urls_with_the_reason(settings: dict[str, tuple[str, ...]], reason: str | None) -> None:
    _, [target] = build("example.org/docs/a.html", **settings)
    if reason:
        assert isinstance(target, Result)
        assert (target.verdict, target.detail, target.ok) == (Verdict.SKIPPED, reason, True)
    else:
        assert isinstance(target, Target)


def test_filters_do_not_see_credentials() -> None:
    _, [target] = build("https://user:secret@example.org/", exclude=("secret",))
    assert isinstance(target, Target)


def test_a_filter_leaves_invalid_entries_invalid() -> None:
    _, [target] = build("ftp://example.org/", exclude=("ftp",))
    assert isinstance(target, Result)
    assert (target.verdict, target.detail) == (Verdict.INVALID, "unsupported scheme 'ftp'")


@pytest.mark.parametrize(
    ("base_url", "reason"),
    [
        ("example.org", "no scheme"),
        ("/docs/", "no scheme"),
        ("ftp://example.org/", "unsupported scheme 'ftp'"),
        ("", "no scheme"),
    ],
)
def test_a_base_url_that_is_not_absolute_cannot_be_used(base_url: str, reason: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        make_builder(base_url=base_url)
    assert str(refusal.value) == f"base_url: not an absolute http(s) URL: {reason}"


@pytest.mark.parametrize("pattern", ["(", "*", "[z-a]", "a{1001}"])
@pytest.mark.parametrize("option", ["include", "exclude"])
def test_a_filter_that_is_not_a_regular_expression_cannot_be_used(option: str, pattern: str) -> None:
    with pytest.raises(SettingsError, match=rf"^{option}: .* is not a regular expression: "):
        make_builder(**{option: (pattern,)})


def test_only_an_invalid_entry_has_no_url_to_request() -> None:
    _, items = build("example.org", "skipped.example", "ftp://example.org/", exclude=("skipped",))
    assert [bool(item and target_of(item).request) for item in items] == [True, True, False]


def test_an_entry_with_settings_of_its_own_is_no_duplicate_of_another() -> None:
    run, own = Settings(), Settings(timeout=1)
    builder = TargetBuilder(run, [run.check, own.check])
    places = ((1, 0), (2, 1), (3, 1), (4, 0))
    items = [builder.build_entry(Entry("example.org", "urlcheck.toml", line, check=check)) for line, check in places]
    assert [item and (target_of(item).line, target_of(item).check) for item in items] == [(1, 0), (2, 1), (3, 1), None]
    assert builder.duplicates == 1


def test_the_settings_of_an_entry_decide_whether_its_settled_result_passes() -> None:
    run, own = Settings(), Settings(allow={Verdict.INVALID})
    builder = TargetBuilder(run, [run.check, own.check])
    items = [builder.build_entry(Entry("ftp://host", "urlcheck.toml", 1, check=check)) for check in (0, 1)]
    assert [item.ok for item in items if isinstance(item, Result)] == [False, True]
