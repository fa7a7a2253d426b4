"""Expectations of bodies, from the command line to the table: what holds, what does not, and what hostile servers send."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib

import pytest

from tests.support.program import RunHere, Urlcheck
from tests.support.servers import Serve, reply

PAGE = b"<html>\n<title>Welcome, Ada!</title>\n</html>"
HEALTH = b'{"status": "degraded", "database": {"lag_ms": 1200}, "errors": [], "zero": 0}'


@pytest.mark.parametrize(
    ("body", "options", "detail"),
    [
        (PAGE, ["--expect-text", "Welcome"], None),
        (PAGE, ["--expect-text", "Welcome", "--expect-text", "Ada"], None),
        (
            PAGE,
            ["--expect-text", "Welcome", "--expect-text", "Grace"],
            "text: 'Grace' is not in the body (it begins \"<html> <title>Welcome, Ada!</title> </h…\")",
        ),
        (PAGE, ["--expect-regex", "(?i)welcome,.*[!]"], None),
        (
            PAGE,
            ["--expect-regex", "^Welcome"],
            "regex: '^Welcome' is not found in the body (it begins \"<html> <title>Welcome, Ada!</title> </h…\")",
        ),
        (HEALTH, ["--expect-json", "database.lag_ms > `1000` && !errors"], None),
        (HEALTH, ["--expect-json", "status"], None),
        (HEALTH, ["--expect-json", "zero"], None),
        (HEALTH, ["--expect-json", "status == 'ok'"], "json: status == 'ok' is false (status is \"degraded\")"),
        (
            HEALTH,
            ["--expect-json", "status == 'degraded' && database.lag_ms < `500`"],
            "json: status == 'degraded' && database.lag_ms < `500` is false (database.lag_ms is 1200)",
        ),
        (HEALTH, ["--expect-json", "errors"], "json: errors is []"),
        (HEALTH, ["--expect-json", "version"], "json: version is null"),
        (PAGE, ["--expect-json", "status"],
         'json: the body is not JSON (it begins "<html> <title>Welcome, Ada!</title> </h…")'),
        (b"", ["--expect-json", "status"], "json: the body is empty"),
        (b"", ["--expect-text", "a"], "text: 'a' is not in the body (it is empty)"),
        (PAGE, ["--expect-text", "Ada", "--max-body", "1K"], None),
        (PAGE, ["--expect-text", "Ada", "--max-body", "6"],
         "text: 'Ada' is not in the first 6 bytes of the body (it begins \"<html>\")"),
        (HEALTH, ["--expect-json", "status", "--max-body", "10"],
         "json: the body is longer than 10 bytes, so it cannot be judged"),
        (PAGE, ["--expect-text", "x", "--expect-header", "ETag: 1"], "header ETag is missing"),
    ],
)  # fmt: skip
async def test_every_expectation_must_hold_and_the_first_that_does_not_is_named(
    urlcheck: Urlcheck, serve: Serve, body: bytes, options: list[str], detail: str | None
) -> None:
    server = await serve(reply(body=body))
    finished = await urlcheck(server.url, "-o", "jsonl", *options)
    [record] = finished.records
    assert (record["verdict"], record["detail"]) == (("content", detail) if detail else ("ok", "200 OK"))
    assert (finished.status, finished.stderr) == (1 if detail else 0, "")


async def test_a_status_that_is_not_accepted_comes_before_expectations(urlcheck: Urlcheck, serve: Serve) -> None:
    server = await serve(reply("404 Not Found", body=PAGE))
    [record] = (await urlcheck(server.url, "-o", "jsonl", "--expect-text", "Welcome")).records
    assert (record["verdict"], record["detail"]) == ("status", "404 Not Found")


async def test_expectations_are_of_the_final_answer(urlcheck: Urlcheck, serve: Serve) -> None:
    server = await serve({"/": reply("302 Found", "Location: /next", body=PAGE), "/next": reply(body=b"nothing")})
    [record] = (await urlcheck(server.url, "-o", "jsonl", "--expect-text", "Welcome")).records
    assert record["detail"] == "text: 'Welcome' is not in the body (it begins \"nothing\")"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--expect-regex", "("], "--expect-regex: '(' is not a regular expression: missing ): ("),
        (["--expect-json", "a = b"], "--expect-json: 'a = b' is not a JMESPath expression: at character 3, '='; equal is =="),
        (["--expect-text", ""], "--expect-text: an empty text is in every body"),
        (
            ["-X", "HEAD", "--expect-text", "a"],
            "--expect-text: the answer to a HEAD request has no body; use another --method",
        ),
        (["--include", "*"], "--include: '*' is not a regular expression: no argument for repetition operator: *"),
    ],
)  # fmt: skip
def test_an_expectation_that_cannot_be_used_ends_the_run_before_it_begins(
    run_here: RunHere, options: list[str], message: str
) -> None:
    finished = run_here("http://127.0.0.1:1/", *options)
    assert (finished.status, finished.stdout, finished.stderr) == (2, "", f"urlcheck: {message}\n")


# --- hostile bodies ---


def bomb() -> bytes:
    """10 GB of zeros, in 10 MB."""
    mebibyte = zlib.compressobj(9, wbits=-15)
    block = mebibyte.compress(bytes(1 << 20)) + mebibyte.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + block * 10_000


HOSTILE: dict[str, tuple[bytes, str, str]] = {
    "/bomb": (
        reply("200 OK", "Content-Encoding: gzip", body=bomb()),
        "text: 'a' is not in the first 1 MiB of the body (it begins \"" + r"\x00" * 9 + r"\x0…" + '")',
        "json: the body is longer than 1 MiB, so it cannot be judged",
    ),
    "/brackets": (
        reply(body=b"[" * 100_000),
        f"text: 'a' is not in the body (it begins \"{'[' * 39}…\")",
        "json: a cannot be judged: the document is nested too deeply",
    ),
    "/line": (
        reply(body=b"x" * (1 << 20)),
        f"text: 'a' is not in the body (it begins \"{'x' * 39}…\")",
        f'json: the body is not JSON (it begins "{"x" * 39}…")',
    ),
    "/binary": (
        reply("200 OK", "Content-Type: text/html; charset=unicode_escape", body=b"\x00\xff\x1b[2J\x9b\x07 \xed\xa0\x80"),
        "text: 'a' is not in the body (it begins \"" + "\\x00\ufffd\\x1b[2J\ufffd\\x07 \ufffd\ufffd\ufffd" + '")',
        'json: the body is not JSON (it begins "' + "\\x00\ufffd\\x1b[2J\ufffd\\x07 \ufffd\ufffd\ufffd" + '")',
    ),
    "/surrogates": (
        reply(body=b'{"b": "\\ud800\\u001b[2J"}'),
        "text: 'a' is not in the body (it begins \"" + '{"b": "\\ud800\\u001b[2J"}")',
        "json: a is null",
    ),
    "/encoding": (
        reply("200 OK", "Content-Encoding: zstd\x1b", body=b"?"),
        r"text: the body is encoded as 'zstd\x1b', which cannot be decoded",
        r"json: the body is encoded as 'zstd\x1b', which cannot be decoded",
    ),
    "/short": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
        "the body breaks off before its end",
        "the body breaks off before its end",
    ),
    "/truncated": (
        reply("200 OK", "Content-Encoding: gzip", body=gzip.compress(PAGE)[:-9]),
        "the gzip of the body breaks off",
        "the gzip of the body breaks off",
    ),
}


@pytest.mark.parametrize("kind", ["text", "json"])
async def test_hostile_bodies_are_judged_and_described(urlcheck: Urlcheck, serve: Serve, kind: str) -> None:
    server = await serve({target: answer for target, (answer, _, _) in HOSTILE.items()})
    options = ["-o", "jsonl", "-r", "0", "--base-url", server.url, f"--expect-{kind}", "a"]
    finished = await urlcheck(*HOSTILE, *options)
    details = {record["url"]: record["detail"] for record in finished.records}
    assert details == {target: of_text if kind == "text" else of_json for target, (_, of_text, of_json) in HOSTILE.items()}
    assert (finished.status, finished.stderr) == (1, "")


async def test_a_body_without_an_end_is_a_timeout_that_says_so(urlcheck: Urlcheck, serve: Serve) -> None:
    async def drip(_: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x")
            await asyncio.sleep(0.01)

    server = await serve(drip)
    [record] = (await urlcheck(server.url, "-o", "jsonl", "-r", "0", "-t", "300ms", "--expect-text", "a")).records
    assert (record["verdict"], record["detail"]) == ("timeout", "no end of the body within 300 ms")


async def test_no_expression_runs_away_over_a_body(urlcheck: Urlcheck, serve: Serve) -> None:
    server = await serve(reply("200 OK", "X-As: " + "a" * 8000, body=b"a" * (1 << 20) + b"b"))
    expressions = ["--expect-regex", "(a+)+$", "--expect-header", "X-As: ~^(a|aa)+b?$", "--max-body", "2M"]
    [record] = (await urlcheck(server.url, "-o", "jsonl", *expressions)).records
    assert record["detail"].startswith("regex: '(a+)+$' is not found in the body")


# --- bodies shown ---


async def test_the_body_of_what_does_not_pass_is_shown_below_it(urlcheck: Urlcheck, serve: Serve) -> None:
    gone = reply("404 Not Found", body=b"<h1>Gone\x1b[2J</h1>\r\n\r\n\tsee http://ada:word@localhost/?token=abc\n")
    server = await serve({"/": gone, "/ok": reply(body=PAGE)})
    finished = await urlcheck("/", "/ok", "--base-url", server.url, "--show-body", "-q")
    first, *lines = [line.strip() for line in finished.stdout.splitlines()[3:] if line.strip()]
    assert first.endswith("Not Found")
    assert lines == [r"│ <h1>Gone\x1b[2J</h1>", "│     see http://ada:****@localhost/?token=****"]


async def test_a_body_is_shown_in_no_other_format(urlcheck: Urlcheck, serve: Serve) -> None:
    server = await serve(reply("404 Not Found", body=b"Gone"))
    [record] = (await urlcheck(server.url, "--show-body", "-o", "jsonl")).records
    assert "Gone" not in json.dumps(record)


async def test_bodies_are_judged_and_shown_in_other_processes_too(urlcheck: Urlcheck, serve: Serve) -> None:
    server = await serve(reply(body=b"a page\n"))
    urls = "\n".join(f"{server.url}/{number}" for number in range(40)).encode()
    options = ["--expect-text", "Welcome", "--show-body", "-j", "2", "--per-host", "4"]
    finished = await urlcheck(*options, stdin=urls)
    assert finished.stdout.count("text: 'Welcome' is not in the body (it begins \"a page\")") == 40
    assert finished.stdout.count("\n") > 80
