from __future__ import annotations

import pytest

from urlcheck.settings.patterns import Pattern


@pytest.mark.parametrize(
    ("regex", "text"),
    [
        ("b", "abc"),
        ("^abc$", "abc"),
        ("", ""),
        ("(?i)É", "é"),
        ("^.$", "é"),
        ("^.$", "\udce9"),
        ("\udce9", "a\udce9"),
        ("a\nb", "a\nb"),
        ("a\x00b", "a\x00b"),
        ("(?s)a.b", "a\nb"),
        ("(?m)^b$", "a\nb\nc"),
        ("(a)(b)|c", "c"),
        ("(?P<name>a)", "a"),
    ],
)
def test_an_expression_is_found_in_a_text(regex: str, text: str) -> None:
    assert Pattern(regex).is_in(text)


@pytest.mark.parametrize(("regex", "text"), [("^b", "ab"), ("a$", "a\n"), ("a.b", "a\nb"), ("A", "a"), (r"\d", "\u0661")])
def test_an_expression_is_not_found_where_it_is_not(regex: str, text: str) -> None:
    assert not Pattern(regex).is_in(text)


NO_RE2 = "; RE2 has no look-arounds, back-references or atomic groups"


@pytest.mark.parametrize(
    ("regex", "fault"),
    [
        ("(", "missing ): ("),
        ("*", "no argument for repetition operator: *"),
        ("[z-a]", "invalid character class range: z-a"),
        ("a{1001}", "invalid repetition size: {1001}"),
        ("(?=a)", f"invalid perl operator: (?={NO_RE2}"),
        ("(?<!a)", f"invalid perl operator: (?<!{NO_RE2}"),
        (r"(a)\1", rf"invalid escape sequence: \1{NO_RE2}"),
        (r"a\Z", r"invalid escape sequence: \Z; RE2 writes \z for the end of the text"),
        ("(" * 5000, f"missing ): {'(' * 48}…"),
    ],
)
def test_a_text_that_is_no_expression_is_refused_with_the_fault(
    regex: str, fault: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match="is not a regular expression") as refusal:
        Pattern(regex)
    assert str(refusal.value) == f"{regex!r} is not a regular expression: {fault}"
    assert capfd.readouterr() == ("", "")  # RE2 would log


@pytest.mark.parametrize("regex", ["a[ab]{1000}[ab]{1000}c", "(.{0,300}a.{0,300}){2}c"])
def test_an_expression_that_would_take_long_is_refused(regex: str) -> None:
    with pytest.raises(ValueError, match="is too large to search long texts with; repeat less of it"):
        Pattern(regex)


def test_a_search_is_long_by_the_expression_and_the_text() -> None:
    short, long = Pattern("a"), Pattern("a[ab]{500}c")
    assert [pattern.takes_long(size) for pattern in (short, long) for size in (1000, 100_000)] == [False, False, False, True]


@pytest.mark.parametrize("regex", ["(a+)+$", "(a|aa)*$", "(.*a){20}.{50}$", "(a*)*b"])
def test_no_expression_runs_away(regex: str) -> None:
    Pattern(regex).is_in("a" * 2**20 + "c")
