from __future__ import annotations

import json

import pytest

from urlcheck.policy.json_query import Expression, NotJsonError, UnjudgeableError, load_document

HEALTH = {
    "status": "degraded",
    "db": {"ok": False, "lag": 12.5, "up-time": 3},
    "items": [],
    "names": ["a", "b"],
    "zero": 0,
    "empty": "",
    "url": "https://user:word@example.org/" + "x" * 60,
}


def describe(expression: str, document: object = HEALTH) -> str | None:
    return Expression(expression).describe_untrue(document)


@pytest.mark.parametrize(
    "expression",
    [
        "status",
        "status == 'degraded'",
        "status == `degraded`",
        "zero",
        "names",
        "names[0] == 'a'",
        "!empty",
        "!items",
        "!missing",
        "length(names) > `1`",
        "db.lag < `13` && !(db.ok)",
        "status == 'ok' || zero == `0`",
        "items == `[]`",
        "@",
    ],
)
def test_a_true_value_is_one_as_jmespath_sees_it(expression: str) -> None:
    assert describe(expression) is None


@pytest.mark.parametrize(
    ("expression", "description"),
    [
        ("missing", "is null"),
        ("items", "is []"),
        ("empty", 'is ""'),
        ("db.ok", "is false"),
        ("status == 'ok'", 'is false (status is "degraded")'),
        ('status == "ok"', 'is false (status is "degraded", ok is null)'),
        ("'ok' == status", 'is false (status is "degraded")'),
        ('db."up-time" > `3`', 'is false (db."up-time" is 3)'),
        ("names[1] != 'b'", 'is false (names[1] is "b")'),
        ("length(items) > `0`", "is false (length(items) is 0)"),
        ("contains(names, 'c')", 'is false (names is ["a", "b"])'),
        ("contains(names, 'c') == `true`", "is false (contains(names, 'c') is false)"),
        ("names[*].x == 'x'", "is false"),
        ("names[?@ == 'z'] | [0]", "is null"),
        ("contains(names, items[?x])", 'is false (names is ["a", "b"])'),
        ("contains(names, items[?x]) == `true`", "is false"),
        ("!status", 'is false (status is "degraded")'),
        ("!(status == 'degraded')", 'is false (status is "degraded")'),
        ("zero == `0` && status == 'ok'", 'is false (status is "degraded")'),
        ("db.ok && status == 'ok'", "is false (db.ok is false)"),
        ("missing || status == 'ok'", 'is false (missing is null, status is "degraded")'),
        ("url == 'x'", f'is false (url is "https://user:****@example.org/{"x" * 28}…)'),
    ],
)
def test_a_false_value_is_described_with_the_values_that_made_it_false(expression: str, description: str) -> None:
    assert describe(expression) == description


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("length(missing) > `0`", "length() cannot take null"),
        ("sum(names) > `0`", "sum() cannot take string"),
        ("status < `5`", "a value is of another type"),
    ],
)
def test_a_value_that_a_function_cannot_take_cannot_be_judged(expression: str, fault: str) -> None:
    with pytest.raises(UnjudgeableError, match=f"^{fault.replace('(', '[(]').replace(')', '[)]')}$"):
        describe(expression)


def test_an_infinity_cannot_be_rounded() -> None:
    with pytest.raises(UnjudgeableError, match="it fails"):
        describe("ceil(n)", load_document(b'{"n": 1e999}'))


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("", "it is empty"),
        (" ", "it is empty"),
        ("a ==", "it ends too early"),
        ("status = 'ok'", "at character 8, '='; equal is =="),
        ("a b", "at character 3, 'b'"),
        ("a == 'x", 'at character 6, "\'x"'),
        ("foo(a)", "there is no function foo()"),
        ("!(a && [b, {c: foo(a)}])", "there is no function foo()"),
        ("length(a, b)", "length() takes 1, not 2"),
        ("a && !b.c", "! is of the next name alone; write !(...)"),
        ("not_null()", "not_null() takes 1 or more, not 0"),
        ("(" * 100_000, "it is nested too deeply"),
    ],
)
def test_a_text_that_is_no_expression_is_refused_with_the_fault(expression: str, fault: str) -> None:
    with pytest.raises(ValueError, match="is not a JMESPath expression") as refusal:
        Expression(expression)
    assert str(refusal.value) == f"{expression!r} is not a JMESPath expression: {fault}"


def test_a_fault_without_a_place_is_said_in_pythons_own_words() -> None:
    with pytest.raises(ValueError, match=r"is not a JMESPath expression: Exceeds the limit .* for integer string conversion"):
        Expression(f"a[{'9' * 5000}]")


@pytest.mark.parametrize(
    "expression", ["a[0:2:1] == `[1]`", "merge(a, b, c)", "sort_by(a, &b)[0].c", "a.{x: b, y: c}", "*.a[]"]
)
def test_all_of_jmespath_is_understood(expression: str) -> None:
    Expression(expression)


# --- documents ---


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
def test_a_document_is_in_any_utf(encoding: str) -> None:
    assert load_document('{"a": "é"}'.encode(encoding)) == {"a": "é"}


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"<html>", b"{", b'{"a":NaN}', b"[Infinity]", b'"\x00"', b'["\xff"]', b"\x00", b"[1,]", b"\xff\xfe\xff"],
)
def test_a_body_that_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(NotJsonError):
        load_document(body)


@pytest.mark.parametrize("body", [b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 100_000 + b"1" + b"}" * 100_000])
def test_a_document_that_is_nested_too_deeply_cannot_be_judged(body: bytes) -> None:
    with pytest.raises((UnjudgeableError, NotJsonError)):
        load_document(body)


def test_a_deep_document_is_judged_without_being_written_whole() -> None:
    deep = load_document(b"[" * 900 + b"]" * 900)
    assert describe("@ == `1`", deep) == f"is false (@ is {'[' * 59}…)"


def test_a_huge_integer_is_a_number() -> None:
    assert describe("n > `5`", load_document(b'{"n": ' + b"9" * 6000 + b"}")) is None


def test_the_last_of_several_members_with_one_name_counts() -> None:
    assert load_document(b'{"a": 1, "a": 2}') == {"a": 2}


def test_a_value_is_shown_in_part() -> None:
    document = {"a": ["\ud800\x1b" * 1000, *range(1000)]}
    description = describe("a == 'x'", load_document(json.dumps(document).encode()))
    assert description is not None
    assert len(description) < 100
