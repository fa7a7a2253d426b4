from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from tests.support.builders import FAILURE, NOT_FOUND, RESPONSE, make_settled, make_target
from urlcheck.http.headers import Headers
from urlcheck.model.errors import SettingsError
from urlcheck.model.outcome import FailureKind, Hop, Outcome, Response
from urlcheck.model.verdict import Verdict
from urlcheck.policy.policy import Policy, describe_status
from urlcheck.settings.settings import Settings

POLICY = Policy(Settings())
EVERYTHING = Policy(Settings(accept=[*range(100, 600), 999]))


def answer(status: int, **headers: str) -> Response:
    """A response with these headers, `Retry_After` for `Retry-After`."""
    named = Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return replace(RESPONSE, status=status, reason="", headers=named)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.OK),
        (204, Verdict.OK),
        (299, Verdict.OK),
        (199, Verdict.STATUS),
        (300, Verdict.STATUS),
        (304, Verdict.STATUS),
        (404, Verdict.STATUS),
        (429, Verdict.RATE_LIMITED),
        (500, Verdict.STATUS),
    ],
)
def test_the_status_of_a_response_decides(status: int, verdict: Verdict) -> None:
    assert POLICY.judge(replace(RESPONSE, status=status))[0] is verdict


WALLS = [
    (answer(403, cf_mitigated="challenge"), "403 Forbidden: a bot wall answered (Cloudflare)"),
    (answer(429, cf_mitigated="challenge"), "429 Too Many Requests: a bot wall answered (Cloudflare)"),
    (answer(503, CF_Mitigated=" Challenge "), "503 Service Unavailable: a bot wall answered (Cloudflare)"),
    (answer(202, x_amzn_waf_action="challenge"), "202 Accepted: a bot wall answered (AWS WAF)"),
    (answer(405, x_amzn_waf_action="captcha"), "405 Method Not Allowed: a bot wall answered (AWS WAF)"),
    (answer(999), "999 (not a standard status): a bot wall answered (LinkedIn's status for it)"),
]


@pytest.mark.parametrize(("response", "detail"), WALLS, ids=[detail for _, detail in WALLS])
def test_a_bot_wall_that_answered_is_blocked_and_named(response: Response, detail: str) -> None:
    assert POLICY.judge(response) == (Verdict.BLOCKED, detail)


NGINX = b"<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head>"
GO = b"Client sent an HTTP request to an HTTPS server.\n"
APACHE = b"<p>Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />"
ANSWERED_TLS, MAY_BE_HTTPS = "the server speaks TLS: an https URL may be meant", "an https URL may be meant"


@pytest.mark.parametrize(
    ("url", "response", "hint"),
    [
        ("http://example.org:5001/", replace(answer(400, Server="nginx"), body=NGINX), f": {ANSWERED_TLS}"),
        ("http://example.org:5001/", replace(answer(400), body=GO), f": {ANSWERED_TLS}"),
        ("http://example.org:5001/", replace(answer(400, Server="Apache"), body=APACHE), f": {ANSWERED_TLS}"),
        ("http://example.org:5001/", answer(400), f": {MAY_BE_HTTPS}"),
        ("http://example.org:443/", answer(400, Server="nginx"), f": {MAY_BE_HTTPS}"),
        ("http://example.org:5001/", answer(400, Server="nginx"), ""),
        ("https://example.org/", replace(answer(400), body=NGINX), ""),
    ],
    ids=["nginx", "Go", "Apache", "no header, as Go", "port of https", "other port", "https"],
)
def test_a_400_without_tls_from_a_server_that_requires_tls_suggests_an_https_url(
    url: str, response: Response, hint: str
) -> None:
    assert POLICY.judge(replace(response, url=url)) == (Verdict.STATUS, f"400 Bad Request{hint}")


@pytest.mark.parametrize(
    ("response", "verdict"),
    [
        (answer(200, cf_mitigated="block"), Verdict.OK),
        (answer(403, cf_mitigated=""), Verdict.STATUS),
        (answer(403, x_amzn_waf_action="count"), Verdict.STATUS),
        (answer(403, Server="cloudflare", CF_RAY="8f0"), Verdict.STATUS),
        (answer(998), Verdict.STATUS),
    ],
)
def test_an_answer_that_only_resembles_a_bot_wall_is_judged_by_its_status(response: Response, verdict: Verdict) -> None:
    assert POLICY.judge(response)[0] is verdict


@pytest.mark.parametrize("response", [answer(404), answer(429), answer(503), *(response for response, _ in WALLS)])
def test_an_accepted_status_is_ok_even_from_a_bot_wall(response: Response) -> None:
    assert EVERYTHING.judge(response)[0] is Verdict.OK


def test_a_bot_wall_that_answers_with_2xx_passes_only_where_the_status_is_named() -> None:
    challenge = answer(202, x_amzn_waf_action="challenge")
    assert POLICY.judge(challenge)[0] is Verdict.BLOCKED
    assert Policy(Settings(accept=frozenset(range(200, 300)))).judge(challenge)[0] is Verdict.OK


def test_a_status_that_is_not_accepted_is_not_ok() -> None:
    assert Policy(Settings(accept={404})).judge(RESPONSE)[0] is Verdict.STATUS


@pytest.mark.parametrize("kind", FailureKind)
def test_a_failure_is_the_verdict_of_its_layer_with_its_message(kind: FailureKind) -> None:
    assert POLICY.judge(replace(FAILURE, kind=kind, message="why")) == (Verdict(kind), "why")


@pytest.mark.parametrize(
    ("status", "reason", "detail"),
    [
        (200, "OK", "200 OK"),
        (404, "No Such Page", "404 No Such Page"),
        (404, "", "404 Not Found"),
        (299, "", "299"),
        (999, "Request denied", "999 Request denied (not a standard status)"),
        (99, "", "099 (not a standard status)"),
    ],
)
def test_a_status_is_described_with_the_servers_reason_or_the_standard_one(status: int, reason: str, detail: str) -> None:
    assert describe_status(replace(RESPONSE, status=status, reason=reason)) == detail


def test_a_result_holds_target_outcome_and_verdict() -> None:
    result = POLICY.conclude(make_target(), NOT_FOUND, attempts=3)
    assert (result.target, result.outcome, result.attempts) == (make_target(), NOT_FOUND, 3)
    assert (result.verdict, result.detail, result.ok) == (Verdict.STATUS, "404 Not Found (3 attempts)", False)


def test_the_detail_of_what_passed_says_how_many_attempts_were_made() -> None:
    assert POLICY.conclude(make_target(), RESPONSE, attempts=2).detail == "200 OK (2 attempts)"


@pytest.mark.parametrize(
    ("accept", "status", "detail"),
    [
        ({201}, 200, "200 OK; accepted: 201"),
        ({*range(200, 300), 404}, 302, "302 Found; accepted: 200-299,404"),
        ({200, 201, 999}, 304, "304 Not Modified; accepted: 200-201,999"),
        ({201}, 404, "404 Not Found"),
    ],
)
def test_a_wrong_status_that_reads_like_a_success_says_what_is_accepted(accept: set[int], status: int, detail: str) -> None:
    outcome = replace(RESPONSE, status=status, reason="")
    assert Policy(Settings(accept=accept)).judge(outcome) == (Verdict.STATUS, detail)


def test_only_ok_passes() -> None:
    assert POLICY.passes(RESPONSE)
    assert not POLICY.passes(NOT_FOUND)


def test_an_allowed_verdict_is_kept_and_lets_the_run_pass() -> None:
    policy = Policy(Settings(allow={Verdict.STATUS}))
    result = policy.conclude(make_target(), NOT_FOUND, attempts=1)
    assert (result.verdict, result.ok) == (Verdict.STATUS, True)
    assert not policy.conclude(make_target(), FAILURE, attempts=1).ok


def test_an_allowed_verdict_does_not_pass_as_ok() -> None:
    assert not Policy(Settings(allow={Verdict.STATUS})).passes(NOT_FOUND)  # so a HEAD is still confirmed by a GET


@pytest.mark.parametrize(("verdict", "ok"), [(Verdict.INVALID, False), (Verdict.UNCHECKED, False), (Verdict.SKIPPED, True)])
def test_a_target_that_is_not_requested_fails_the_run_unless_it_was_skipped(verdict: Verdict, ok: bool) -> None:  # noqa: FBT001
    result = make_settled(make_target(), verdict, "why")
    assert (result.verdict, result.detail, result.ok) == (verdict, "why", ok)
    assert (result.outcome, result.attempts) == (None, 0)


# --- expectations ---


def test_an_expectation_that_does_not_hold_is_content() -> None:
    policy = Policy(Settings(expect_text=("Welcome",)))
    assert policy.judge(replace(RESPONSE, body=b"Welcome!"))[0] is Verdict.OK
    assert policy.judge(replace(RESPONSE, body=b"")) == (
        Verdict.CONTENT,
        "text: 'Welcome' is not in the body (it is empty)",
    )


def test_all_expectations_must_hold_and_the_first_that_does_not_is_named() -> None:
    policy = Policy(Settings(expect_headers=(("ETag", "~"),), expect_text=("a", "b"), expect_regex=("^a$",)))
    assert policy.judge(replace(answer(200, ETag="1"), body=b"a")) == (
        Verdict.CONTENT,
        "text: 'b' is not in the body (it begins \"a\")",
    )
    assert policy.judge(replace(RESPONSE, body=b"")) == (Verdict.CONTENT, "header ETag is missing")


def test_an_expectation_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"^expect_json: '\(' is not a JMESPath expression: it ends too early$"):
        Policy(Settings(expect_json=("(",)))


KEEPING = Policy(Settings(keep_body=True, allow={Verdict.RATE_LIMITED}))


@pytest.mark.parametrize(
    ("response", "excerpt"),
    [
        (replace(NOT_FOUND, body=b"<h1>Gone</h1>\n"), "<h1>Gone</h1>\n"),
        (replace(NOT_FOUND, body=b"x" * 5000), "x" * 2048),
        (replace(NOT_FOUND, body=b"one\n" + b"x" * 5000), "one"),
        (replace(NOT_FOUND, body=b"one\nhalf a li", is_whole=False), "one"),
        (replace(NOT_FOUND, body=b""), None),
        (replace(NOT_FOUND, body=None), None),
        (replace(NOT_FOUND, status=429, body=b"allowed"), None),
        (replace(RESPONSE, body=b"ok"), None),
    ],
)
def test_a_result_that_does_not_pass_keeps_the_beginning_of_its_body(response: Response, excerpt: str | None) -> None:
    assert KEEPING.conclude(make_target(), response, 1).excerpt == excerpt


def test_a_body_is_dropped_when_it_is_judged() -> None:
    result = POLICY.conclude(make_target(), replace(NOT_FOUND, body=b"x" * 5000, is_whole=False), 1)
    assert (result.outcome, result.excerpt) == (NOT_FOUND, None)


@pytest.mark.parametrize(
    ("elapsed", "judgement"),
    [
        (1.5, (Verdict.OK, "200 OK")),
        (1.6, (Verdict.SLOW, "took 1.6 s, more than 1.5 s")),
    ],
)
def test_an_answer_that_took_longer_than_max_time_is_slow(elapsed: float, judgement: tuple[Verdict, str]) -> None:
    assert Policy(Settings(max_time=1.5)).judge(replace(RESPONSE, elapsed=elapsed)) == judgement


@pytest.mark.parametrize(
    ("hours", "verdict", "left"),
    [
        (10 * 24 + 1, Verdict.OK, ""),
        (10 * 24 - 1, Verdict.CERT, ", in 9 days"),
        (-1, Verdict.CERT, ", in 0 days"),
    ],
)
def test_a_certificate_must_be_valid_for_as_long_as_is_asked(hours: int, verdict: Verdict, left: str) -> None:
    expires = datetime.now(UTC) + timedelta(hours=hours)
    expected = f"certificate expires on {expires:%Y-%m-%d}{left}" if left else "200 OK"
    assert Policy(Settings(min_cert_days=10)).judge(replace(RESPONSE, cert_expires=expires)) == (verdict, expected)


def test_an_answer_without_a_certificate_passes_min_cert_days() -> None:
    assert Policy(Settings(min_cert_days=10)).judge(replace(RESPONSE, cert_expires=None))[0] is Verdict.OK


def test_an_answer_that_is_not_accepted_is_not_measured_by_expectations() -> None:
    assert Policy(Settings(max_time=0.001)).judge(NOT_FOUND) == (Verdict.STATUS, "404 Not Found")


# --- again, and when ---


@pytest.mark.parametrize(
    ("outcome", "may_pass"),
    [
        (answer(200), False),
        (answer(301), False),
        (answer(400), False),
        (answer(403), False),
        (answer(404), False),
        (answer(410), False),
        (answer(429), True),
        (answer(500), True),
        (answer(501), False),
        (answer(502), True),
        (answer(503), True),
        (answer(504), True),
        (answer(505), False),
        (answer(999), False),
        (answer(429, cf_mitigated="challenge"), False),
        (answer(503, cf_mitigated="challenge"), False),
        (replace(FAILURE, transient=True), True),
        (replace(FAILURE, transient=False), False),
    ],
    ids=lambda value: f"{value.status} {dict(value.headers) or ''}".strip() if isinstance(value, Response) else None,
)
def test_temporary_outcomes_may_pass_later(outcome: Outcome, *, may_pass: bool) -> None:
    assert POLICY.may_pass_later(outcome) is may_pass


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize(("status", "may_pass"), [(429, True), (503, True), (500, False), (502, False), (504, False)])
def test_a_post_is_retried_only_where_the_server_rejected_it(method: str, status: int, *, may_pass: bool) -> None:
    policy = Policy(Settings(method=method))
    assert policy.may_pass_later(answer(status)) is may_pass
    assert not policy.may_pass_later(replace(answer(status), hops=(Hop(303, "https://example.org/"),)))


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_idempotent_request_is_retried_for_each_temporary_status(status: int) -> None:
    assert Policy(Settings(method="PUT")).may_pass_later(answer(status))


def test_an_accepted_status_is_not_retried() -> None:
    assert not EVERYTHING.may_pass_later(answer(503))


def test_an_allowed_verdict_is_retried() -> None:
    assert Policy(Settings(allow={Verdict.STATUS})).may_pass_later(answer(503))


TOMORROW = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)


@pytest.mark.parametrize(
    ("outcome", "seconds"),
    [
        (answer(429, Retry_After="20"), 20),
        (answer(503, Retry_After="20"), 20),
        (answer(503, Retry_After=TOMORROW), 60),
        (answer(503, Retry_After="soon"), 0),
        (answer(503), 0),
        (answer(429), 0),
        (answer(200, Retry_After="20"), None),
        (answer(301, Retry_After="20"), None),
        (answer(500, Retry_After="20"), None),
        (answer(503, cf_mitigated="challenge"), None),
        (answer(503, cf_mitigated="challenge", Retry_After="20"), 20),
        (FAILURE, None),
    ],
)
def test_a_429_or_503_says_that_its_host_is_overloaded(outcome: Outcome, seconds: float | None) -> None:
    overload = POLICY.find_overload(outcome)
    assert (overload.retry_after if overload else None) == seconds


def test_a_status_that_is_accepted_says_nothing_about_the_load() -> None:
    policy = Policy(Settings(accept=frozenset({503})))
    assert policy.find_overload(answer(503)) is None
    assert policy.find_overload(answer(429)) is not None


def test_the_503_of_a_service_that_is_waited_for_says_nothing_about_the_load() -> None:
    policy = Policy(Settings(), waits=True)
    assert policy.find_overload(answer(503)) is None
    assert policy.find_overload(answer(429)) is not None
    assert policy.find_overload(answer(503, Retry_After="20")) is not None


def test_a_limit_that_is_named_is_waited_for_longer_than_a_server_that_is_out_of_order() -> None:
    limited, out_of_order = POLICY.find_overload(answer(429)), POLICY.find_overload(answer(503))
    assert limited is not None
    assert out_of_order is not None
    assert limited.give_up_after > out_of_order.give_up_after


@pytest.mark.parametrize("end", [",", ";", '"', "'", ")", "]", "}", ">"])
def test_a_failing_url_with_an_odd_end_is_asked_about(end: str) -> None:
    result = Policy(Settings()).conclude(make_target(f"a.example/x{end}"), FAILURE, 1)
    assert result.detail == f"{FAILURE.message}; does '{end}' at the end belong to the URL?"


@pytest.mark.parametrize("entry", ["a.example/x", "a.example/x_(y)", "a.example/[1]", "a.example/x."])
def test_a_failing_url_with_a_usual_end_is_not_asked_about(entry: str) -> None:
    assert Policy(Settings()).conclude(make_target(entry), FAILURE, 1).detail == FAILURE.message


def test_a_url_that_passes_is_not_asked_about_whatever_its_end() -> None:
    assert Policy(Settings()).conclude(make_target("a.example/x,"), RESPONSE, 1).detail == "200 OK"
