from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from asyncio.subprocess import PIPE
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from tests.support.marks import on_posix
from tests.support.program import Finished, Launch, RunHere, Urlcheck, finish, read_line
from tests.support.servers import RawServer, Serve, hold, reply, tls_with
from urlcheck import Settings
from urlcheck.settings.identity import VERSION

pytestmark = pytest.mark.user

NOT_READ_TO_ITS_END = "the input was not read to its end"
NOT_VERIFIED = "TLS certificates were not verified"
SIGNALS = [
    pytest.param("SIGINT", 130, id="Ctrl-C"),
    pytest.param("SIGTERM", 143, id="SIGTERM"),
    pytest.param("SIGHUP", 129, id="a terminal that is closed"),
]


@pytest.fixture
async def half_held(serve: Serve) -> RawServer:
    """Answers at once, but for `/held…`."""

    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        if target.startswith("/held"):
            await hold(target, writer)
        writer.write(reply())

    return await serve(answer)


# --- input ---


@pytest.mark.parametrize(
    ("arguments", "piped"),
    [
        pytest.param(["{health}", "{gone}"], False, id="urlcheck URL URL"),
        pytest.param(["-f", "urls.txt"], False, id="urlcheck -f FILE"),
        pytest.param([], True, id="cat FILE | urlcheck"),
        pytest.param(["-"], True, id="cat FILE | urlcheck -"),
        pytest.param(["-f", "-"], True, id="cat FILE | urlcheck -f -"),
        pytest.param(["{health}", "-f", "urls.txt"], False, id="urlcheck URL -f FILE"),
    ],
)
async def test_every_way_in_gives_the_same_verdicts(
    urlcheck: Urlcheck, site: str, tmp_path: Path, arguments: list[str], *, piped: bool
) -> None:
    health, gone = f"{site}/health", f"{site}/status/404"
    content = f"# a list\n{health}\n\n{gone}  # is gone\n".encode()
    tmp_path.joinpath("urls.txt").write_bytes(content)
    arguments = [argument.format(health=health, gone=gone) for argument in arguments]
    finished = await urlcheck(*arguments, "-o", "jsonl", stdin=content if piped else None)
    assert finished.verdicts == {health: "ok", gone: "status"}


async def test_files_are_read_one_after_the_other_each_with_lines_of_its_own(urlcheck: Urlcheck, tmp_path: Path) -> None:
    tmp_path.joinpath("a.txt").write_text("ftp://a/1\nftp://a/2\n")
    tmp_path.joinpath("b.txt").write_text("# b\nftp://b/2\n")
    finished = await urlcheck("-f", "a.txt", "-f", "b.txt", "-o", "jsonl", "-c", "1")
    places = {record["url"]: (record["source"], record["line"]) for record in finished.records}
    assert places == {"ftp://a/1": ("a.txt", 1), "ftp://a/2": ("a.txt", 2), "ftp://b/2": ("b.txt", 2)}


async def test_an_open_and_silent_standard_input_is_not_waited_for_where_urls_are_given(launch: Launch, site: str) -> None:
    finished = await finish(await launch(f"{site}/health", stdin=PIPE))
    assert finished.status == 0


async def test_results_of_a_pipe_come_while_it_is_still_open(launch: Launch, site: str) -> None:
    process = await launch("-o", "jsonl", stdin=PIPE)
    assert process.stdin is not None
    process.stdin.write(f"{site}/health\n".encode())
    assert b'"verdict":"ok"' in await read_line(process)


@on_posix
async def test_no_url_on_a_terminal_is_a_usage_error(launch: Launch) -> None:
    leader, follower = os.openpty()
    try:
        finished = await finish(await launch(stdin=follower))
    finally:
        os.close(leader)
        os.close(follower)
    assert finished.status == 2
    assert "no URLs: name some" in finished.stderr


@pytest.mark.parametrize("content", [b"", b"\n# only a comment\n"])
async def test_an_input_without_a_url_is_an_error(urlcheck: Urlcheck, content: bytes) -> None:
    finished = await urlcheck("-o", "jsonl", stdin=content)
    assert (finished.status, finished.stderr) == (2, "urlcheck: no URL in the input\n")


async def test_an_input_without_a_url_may_be_allowed(urlcheck: Urlcheck) -> None:
    assert await urlcheck("-o", "jsonl", "--allow-empty", stdin=b"") == Finished(0, "", "")


async def test_duplicates_are_checked_once_and_counted(urlcheck: Urlcheck, site: str) -> None:
    finished = await urlcheck(f"{site}/health", f"{site}/health", "-o", "jsonl=out.jsonl")
    assert "  1 URL   ✓ 1 passed   1 duplicate " in finished.stdout


# --- exit status ---


@pytest.mark.parametrize(
    ("options", "status"),
    [
        pytest.param(["/health"], 0, id="every URL passed"),
        pytest.param(["/health", "/status/404"], 1, id="one did not"),
        pytest.param(["/status/404", "--accept", "2xx,404"], 0, id="accepted"),
        pytest.param(["/status/404", "--allow", "status"], 0, id="allowed"),
        pytest.param(["/health", "/status/404", "--exclude", "status"], 0, id="skipped"),
        pytest.param(["/status/404", "--exclude", "status"], 2, id="nothing is checked"),
        pytest.param(["/health", "//"], 1, id="invalid"),
    ],
)
async def test_the_exit_status_says_whether_every_url_passed(
    urlcheck: Urlcheck, site: str, options: list[str], status: int
) -> None:
    arguments = [site + option if option.startswith("/") and option != "//" else option for option in options]
    assert (await urlcheck(*arguments)).status == status


USAGE_ERRORS = [
    (["--timeout", "soon"], "'soon' is not a duration"),
    (["--timeout", "0"], "'0' is no time at all"),
    (["--accept", "2000"], "'2000' is not a status code"),
    (["--accept", "299-200"], "'299-200' is not a range"),
    (["--allow", "nothing"], "'nothing' is not a verdict"),
    (["--concurrency", "0"], "must be "),
    (["--max-redirects", "-1"], "must be "),
    (["--retries", "-1"], "must be "),
    (["--retries", "1.5"], "'1.5' is not a whole number"),
    (["--per-host", "0"], "must be "),
    (["--rate", "0"], "'0' is not a number of requests a second"),
    (["--rate", "often"], "'often' is not a number of requests a second"),
    (["--deadline", "tonight"], "'tonight' is not a duration"),
    (["--method", "GET /"], "'GET /' is not a request method"),
    (["--header", "no colon"], "a header is written 'NAME: VALUE'"),
    (["--header", "A: b\nC: d"], "a header is written 'NAME: VALUE'"),
    (["--user", "nobody"], "credentials are written NAME:PASSWORD"),
    (["--include", "("], "--include: '(' is not a regular expression"),
    (["--exclude", "["], "--exclude: '[' is not a regular expression"),
    (["--base-url", "ftp://host"], "--base-url: not an absolute http(s) URL"),
    (["--ca-file", "missing.pem"], "--ca-file: cannot read missing.pem"),
    (["--proxy", "ftp://host"], "--proxy: not the URL of an http or https proxy: unsupported scheme 'ftp'"),
    (["--proxy", "http://host:port"], "--proxy: not the URL of an http or https proxy: the port is not a number"),
    (["--proxy", "http://127.0.0.1:9", "--block-private"], "--block-private: cannot be held through a proxy"),
    (["--file", "missing.txt"], "cannot read missing.txt: No such file"),
    (["--file", ""], "cannot read '': No such file"),
    (["--file", "."], "cannot read .: "),
    (["--output", "xml"], "'xml' is not a format"),
    (["--output", "jsonl="], "'jsonl=' names no file"),
    (["--output", "jsonl", "--output", "table"], "--output: only one can go to standard output"),
    (["--output", "jsonl=missing/out.jsonl"], "cannot write missing/out.jsonl: No such file"),
    (["--output", "table=missing/out.txt"], "cannot write missing/out.txt: No such file"),
    (["--output", "jsonl=."], "cannot write .: "),
    (["--nothing"], "no such option"),
    (["--timeout"], "urlcheck: --timeout: requires an argument"),
    (["-c"], "urlcheck: -c: requires an argument"),
    (["--quiet=yes"], "urlcheck: --quiet: does not take a value"),
]


@pytest.mark.parametrize(("options", "message"), USAGE_ERRORS, ids=[" ".join(options) for options, _ in USAGE_ERRORS])
def test_an_unusable_option_is_an_error_in_one_line(run_here: RunHere, options: list[str], message: str) -> None:
    finished = run_here("http://127.0.0.1:9", *options)
    assert (finished.status, finished.stdout) == (2, "")
    assert message in finished.stderr.splitlines()[-1]
    assert "Traceback" not in finished.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
@pytest.mark.parametrize("form", ["table", "jsonl"])
async def test_a_full_disk_is_an_error_in_one_line(launch: Launch, form: str) -> None:
    with open("/dev/full", "wb") as full:
        finished = await finish(await launch("ftp://host", "-o", form, stdout=full.fileno()))
    assert (finished.status, finished.stderr) == (2, "urlcheck: cannot write standard output: No space left on device\n")


async def test_rules_on_addresses_are_refused_where_the_environment_names_a_proxy(urlcheck: Urlcheck) -> None:
    finished = await urlcheck("http://127.0.0.1:9", "--block-private", env={"HTTP_PROXY": "http://user:hunter2@127.0.0.1:9"})
    assert (finished.status, finished.stdout, finished.stderr.count("\n")) == (2, "", 1)
    assert "--block-private: cannot be held through a proxy" in finished.stderr
    assert "hunter2" not in finished.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "--netrc: cannot read {file}: No such file or directory"),
        ("machine 127.0.0.1 login me pass word hunter2", "--netrc: cannot read {file}: line 1 is malformed"),
        ("machine 127.0.0.1 login me password hunter2\n\xff\xfe", "--netrc: cannot read {file}: it is not UTF-8"),
    ],
    ids=["missing", "malformed", "not UTF-8"],
)
def test_a_netrc_that_cannot_be_used_is_said_in_one_line(
    run_here: RunHere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None, message: str
) -> None:
    file = tmp_path / "netrc"
    if content:
        file.write_bytes(content.encode("latin-1"))
        file.chmod(0o600)
    monkeypatch.setenv("NETRC", str(file))
    finished = run_here("http://127.0.0.1:9", "--netrc")
    assert (finished.status, finished.stdout, finished.stderr.count("\n")) == (2, "", 1)
    assert message.format(file=file) in finished.stderr
    assert "hunter2" not in finished.stderr


# --- the check ---


async def test_a_url_that_recovers_is_ok_and_says_how_often_it_was_asked(urlcheck: Urlcheck, site: str) -> None:
    finished = await urlcheck(f"{site}/flaky", "--retries", "2", "-o", "jsonl")  # twice 503, then 200
    [record] = finished.records
    assert (finished.status, record["verdict"], record["status"], record["attempts"]) == (0, "ok", 200, 3)


async def test_without_retries_the_first_answer_counts(urlcheck: Urlcheck, site: str) -> None:
    finished = await urlcheck(f"{site}/flaky", "-r", "0", "-o", "jsonl")
    [record] = finished.records
    assert (finished.status, record["verdict"], record["status"], record["attempts"]) == (1, "status", 503, 1)


async def test_what_is_not_finished_at_the_deadline_is_unchecked(urlcheck: Urlcheck, half_held: RawServer) -> None:
    finished = await urlcheck(f"{half_held.url}/held", "--deadline", "500ms", "-o", "jsonl")
    [record] = finished.records
    assert (finished.status, record["verdict"], record["detail"]) == (1, "unchecked", "past the deadline")
    assert (record["attempts"], record["status"]) == (0, None)


async def test_a_deadline_ends_the_reading_and_says_so(launch: Launch, half_held: RawServer) -> None:
    process = await launch("--deadline", "1s", "-o", "jsonl", stdin=PIPE)  # a pipe that stays open
    assert process.stdin is not None
    process.stdin.write(f"{half_held.url}/held\n".encode())
    finished = await finish(process)
    assert (finished.status, set(finished.verdicts.values())) == (1, {"unchecked"})
    assert NOT_READ_TO_ITS_END in finished.stderr


async def test_a_summary_names_the_deadline(urlcheck: Urlcheck, half_held: RawServer) -> None:
    finished = await urlcheck(f"{half_held.url}/held", "--deadline", "500ms")
    _, _, summary = finished.stdout.partition("0 checked ")
    assert "deadline" in summary


async def test_a_head_is_confirmed_by_a_get_before_it_is_reported(urlcheck: Urlcheck, serve: Serve) -> None:
    server = await serve(reply("405 Method Not Allowed"))
    finished = await urlcheck(server.url, "-X", "HEAD", "-o", "jsonl")
    assert [head.split(" ")[0] for head in server.heads] == ["HEAD", "GET"]
    assert (finished.records[0]["status"], finished.records[0]["attempts"]) == (405, 1)


async def test_a_host_has_no_more_requests_in_flight_than_its_share(urlcheck: Urlcheck, serve: Serve) -> None:
    in_flight, most = 0, 0
    other = await serve(reply())

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        nonlocal in_flight, most
        in_flight += 1
        most = max(most, in_flight)
        await other.until_asked(5)  # while the first is held, the others of this host have no turn
        in_flight -= 1
        writer.write(reply())

    limited = await serve(answer)
    urls = [f"{server.url}/{number}" for server in (limited, other) for number in range(5)]
    finished = await urlcheck(*urls, "--per-host", "1", "-o", "jsonl")
    assert set(finished.verdicts.values()) == {"ok"}
    assert most == 1


@on_posix
@pytest.mark.parametrize("processes", ["1", "2"])
async def test_a_host_that_refuses_more_than_so_many_at_a_time_loses_nothing(
    urlcheck: Urlcheck, serve: Serve, processes: str
) -> None:
    left = 0
    refill = asyncio.Event()

    async def answer(_: str, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        if not left and not refill.is_set():
            refill.set()
            asyncio.get_running_loop().call_later(0.9, fill)
        writer.write(reply() if left else reply("429 Too Many Requests", "Retry-After: 1"))
        left = max(0, left - 1)

    def fill() -> None:
        nonlocal left
        left = 100
        refill.clear()

    limited, other = await serve(answer), await serve(reply())
    urls = [f"{server.url}/{number}" for server in (limited, other) for number in range(250)]
    finished = await urlcheck("-o", "jsonl", "-j", processes, stdin="\n".join(urls).encode())
    assert set(finished.verdicts.values()) == {"ok"}
    assert [record["attempts"] for record in finished.records if record["url"].startswith(other.url)] == [1] * 250


@on_posix
async def test_a_host_is_asked_no_faster_than_its_rate(launch: Launch, serve: Serve, half_held: RawServer) -> None:
    limited = await serve(reply())
    process = await launch("--rate", "0.001", "-c", "1", "-o", "jsonl", stdin=PIPE)
    assert process.stdin is not None
    process.stdin.write(f"{limited.url}/now\n{limited.url}/in-a-quarter-of-an-hour\n".encode())
    line = await read_line(process)
    assert b"/now" in line
    process.stdin.write(f"{half_held.url}/held\n".encode())
    await half_held.until_asked()  # one at a time: whatever was to be asked before has been
    process.send_signal(signal.SIGINT)
    verdicts = [record["verdict"] for record in (await finish(process, line)).records]
    assert verdicts == ["ok", "unchecked", "unchecked"]


@pytest.mark.parametrize(
    ("url", "option", "detail"),
    [
        ("http://[::1]:9/", "-4", "not an IPv4 address"),
        ("http://127.0.0.1:9/", "-6", "not an IPv6 address"),
    ],
)
async def test_an_address_of_the_other_family_fails_once_and_says_why(
    urlcheck: Urlcheck, url: str, option: str, detail: str
) -> None:
    finished = await urlcheck(url, option, "-o", "jsonl")
    [record] = finished.records
    assert (finished.status, record["verdict"], record["detail"]) == (1, "connect", detail)
    assert record["attempts"] == 1  # it cannot pass, however often
    assert finished.stderr == ""


async def test_a_name_is_looked_up_in_the_family_that_is_asked_for(urlcheck: Urlcheck, site: str) -> None:
    url = site.replace("127.0.0.1", "localhost")
    finished = await urlcheck(url, "-4", "-o", "jsonl")
    assert (finished.records[0]["verdict"], finished.records[0]["address"]) == ("ok", "127.0.0.1")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_an_address_that_is_not_public_is_refused_where_that_is_asked_for(
    urlcheck: Urlcheck, serve: Serve, host: str
) -> None:
    server = await serve(reply())
    finished = await urlcheck(server.url.replace("127.0.0.1", host), "--block-private", "-4", "-o", "jsonl")
    [record] = finished.records
    assert (finished.status, record["verdict"]) == (1, "private")
    assert record["detail"] == "127.0.0.1 is not a public address"
    assert server.heads == []


def basic(name: str, password: str) -> str:
    return "Authorization: Basic " + b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("options", "header"),
    [
        pytest.param([], None, id="not unless asked for"),
        pytest.param(["--netrc"], basic("ada", "hunter2"), id="--netrc"),
        pytest.param(["--netrc", "-u", "grace:hunter3"], basic("grace", "hunter3"), id="--user before --netrc"),
    ],
)
async def test_credentials_come_from_netrc_where_that_is_asked_for(
    urlcheck: Urlcheck, serve: Serve, tmp_path: Path, options: list[str], header: str | None
) -> None:
    file = tmp_path / "netrc"
    file.write_text("machine 127.0.0.1 login ada password hunter2\n")
    file.chmod(0o600)
    server = await serve(reply())
    finished = await urlcheck(server.url, *options, "-v", env={"NETRC": str(file)})
    assert re.findall("^Authorization: .*(?=\r)", server.heads[0], re.MULTILINE) == [header] * bool(header)
    assert "hunter" not in finished.stdout + finished.stderr


async def test_a_dead_proxy_is_named_as_such(urlcheck: Urlcheck, serve: Serve) -> None:
    server = await serve(reply())
    finished = await urlcheck(server.url, "--proxy", "http://127.0.0.1:9", "-r", "0", "-o", "jsonl")
    [record] = finished.records
    assert (finished.status, record["verdict"], record["detail"]) == (
        1,
        "connect",
        "proxy 127.0.0.1:9: connection refused",
    )
    assert server.heads == []


async def test_a_proxy_is_asked_in_the_place_of_the_host(urlcheck: Urlcheck, serve: Serve) -> None:
    proxy = await serve(reply())
    finished = await urlcheck("http://example.invalid/page?query", "--proxy", proxy.url, "-o", "jsonl")
    assert finished.verdicts == {"http://example.invalid/page?query": "ok"}
    assert proxy.targets == ["http://example.invalid/page?query"]


# --- requests ---


async def test_a_form_is_posted(urlcheck: Urlcheck, serve: Serve, tmp_path: Path) -> None:
    tmp_path.joinpath("form").write_text("b=2\n")
    server = await serve(reply())
    finished = await urlcheck(server.url, "--data", "a=1", "--data", "@form", "-o", "jsonl")
    assert finished.verdicts == {server.url: "ok"}
    assert server.heads[0].startswith("POST / HTTP/1.1\r\n")
    assert "\r\nContent-Type: application/x-www-form-urlencoded\r\n" in server.heads[0]
    assert "\r\nContent-Length: 7\r\n" in server.heads[0]


async def test_json_is_put_where_the_method_says_so(urlcheck: Urlcheck, serve: Serve) -> None:
    server = await serve(reply())
    await urlcheck(server.url, "--json", '{"a": 1}', "-X", "put", "-H", "content-type: application/merge-patch+json")
    assert server.heads[0].startswith("PUT / HTTP/1.1\r\n")
    assert "\r\ncontent-type: application/merge-patch+json\r\n" in server.heads[0]
    assert "\r\nAccept: application/json\r\n" in server.heads[0]
    assert "\r\nContent-Type:" not in server.heads[0]


async def test_a_cookie_is_a_header_as_any_other(urlcheck: Urlcheck, serve: Serve) -> None:
    server = await serve(reply())
    await urlcheck(server.url, "-H", "Cookie: session=abc; theme=dark")
    assert "\r\nCookie: session=abc; theme=dark\r\n" in server.heads[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--json", "{"], "--json: not JSON: expecting property name enclosed in double quotes (line 1, column 2)"),
        (["--json", "1", "--data", "a"], "--json: cannot be used together with --data"),
        (["--data", "@missing"], "--data: cannot read missing: No such file or directory"),
        (["--data", "@-"], "--data: standard input is for URLs; name a file: @FILE"),
        (["--data", "a", "-X", "HEAD"], "--data: a HEAD request has no body; use another --method"),
        (["--json", "1", "-X", "HEAD"], "--json: a HEAD request has no body; use another --method"),
        (["--key", "k.pem"], "--key: needs --cert"),
        (["--cert", "c.pem"], "--cert: cannot read c.pem: No such file or directory"),
        (
            ["--unix-socket", "app.sock", "--block-private"],
            "--block-private: cannot be used together with --unix-socket",
        ),
    ],
)
def test_an_impossible_request_is_an_error_in_one_line(run_here: RunHere, options: list[str], message: str) -> None:
    finished = run_here("http://127.0.0.1:9", *options)
    assert finished == Finished(2, "", f"urlcheck: {message}\n")


@pytest.mark.parametrize("processes", ["1", "2"])
async def test_a_name_leads_where_resolve_says(urlcheck: Urlcheck, serve: Serve, processes: str) -> None:
    server = await serve(reply())
    port = server.url.rpartition(":")[2]
    urls = [f"http://host{number}.invalid:{port}/" for number in range(20)]
    finished = await urlcheck(*urls, "--resolve", f"*:{port}:127.0.0.1", "-j", processes, "-o", "jsonl")
    assert finished.verdicts == dict.fromkeys(urls, "ok")
    assert len(server.heads) == 20


# --- interruption ---


@on_posix
@pytest.mark.parametrize(("name", "status"), SIGNALS)
async def test_a_signal_shows_what_is_finished_and_leaves_the_rest_unchecked(
    launch: Launch, half_held: RawServer, name: str, status: int
) -> None:
    urls = [f"{half_held.url}/{name}" for name in ("done/1", "done/2", "held/1", "held/2")]
    process = await launch(*urls, "-o", "jsonl", "-c", "1")
    await half_held.until_asked(3)  # one at a time: the first two are done
    process.send_signal(signal.Signals[name])
    finished = await finish(process)
    assert finished.verdicts == dict(zip(urls, ["ok", "ok", "unchecked", "unchecked"], strict=True))
    assert finished.status == status


@on_posix
async def test_a_signal_shows_the_last_verdict_of_what_waits_to_be_tried_again(
    launch: Launch, serve: Serve, half_held: RawServer
) -> None:
    busy = await serve(reply("503 Service Unavailable"))
    process = await launch(busy.url, f"{half_held.url}/held", "-c", "1", "-o", "jsonl")
    await half_held.until_asked()  # one at a time: the first has had its answer, and waits
    process.send_signal(signal.SIGINT)
    finished = await finish(process)
    assert finished.verdicts == {busy.url: "status", f"{half_held.url}/held": "unchecked"}
    assert {record["url"]: record["attempts"] for record in finished.records}[busy.url] == 1


@on_posix
async def test_an_interrupted_table_is_still_drawn(launch: Launch, half_held: RawServer) -> None:
    process = await launch(f"{half_held.url}/done", f"{half_held.url}/held", "-c", "1")
    await half_held.until_asked(2)
    process.send_signal(signal.SIGINT)
    finished = await finish(process)
    rows = re.findall(r"[✓✗!] (\S+) +(http\S+)", finished.stdout)
    assert rows == [("200", f"{half_held.url}/done"), ("unchecked", f"{half_held.url}/held")]


@on_posix
async def test_an_interrupted_list_comes_out_as_far_as_it_was_read(
    launch: Launch, half_held: RawServer, tmp_path: Path
) -> None:
    length = 20_000
    tmp_path.joinpath("long.txt").write_text("".join(f"{half_held.url}/held/{number}\n" for number in range(length)))
    process = await launch("-f", "long.txt", "-o", "jsonl", "-c", "8")
    await half_held.until_asked(8)
    process.send_signal(signal.SIGINT)
    finished = await finish(process)
    lines = [record["line"] for record in finished.records]
    assert lines == list(range(1, len(lines) + 1))
    assert 8 < len(lines) < length
    assert set(finished.verdicts.values()) == {"unchecked"}


@on_posix
@pytest.mark.parametrize("form", ["table", "jsonl"])
async def test_it_is_said_that_the_input_was_not_read_to_its_end(launch: Launch, half_held: RawServer, form: str) -> None:
    process = await launch("-o", form, stdin=PIPE)
    assert process.stdin is not None
    process.stdin.write(f"{half_held.url}/held\n".encode())
    await half_held.until_asked()
    process.send_signal(signal.SIGINT)
    finished = await finish(process)
    assert NOT_READ_TO_ITS_END in (finished.stdout if form == "table" else finished.stderr)


@on_posix
async def test_it_is_not_said_where_the_input_was_read_to_its_end(launch: Launch, half_held: RawServer) -> None:
    process = await launch(f"{half_held.url}/held", "-o", "jsonl")
    await half_held.until_asked()
    process.send_signal(signal.SIGINT)
    assert (await finish(process)).stderr == "urlcheck: interrupted\n"


@on_posix
async def test_a_second_signal_ends_at_once(launch: Launch) -> None:
    unread, stdout = os.pipe()  # once it is full, the program cannot end by itself
    try:
        process = await launch("-o", "jsonl", *(f"ftp://host/{number}" for number in range(1000)), stdout=stdout)
        await asyncio.to_thread(os.read, unread, 1)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert (await finish(process)).status == 143
    finally:
        os.close(stdout)
        os.close(unread)


@on_posix
async def test_a_second_signal_leaves_no_unfinished_report_behind(launch: Launch, tmp_path: Path) -> None:
    unread, stdout = os.pipe()
    try:
        urls = [f"ftp://host/{number}" for number in range(1000)]
        process = await launch("-o", "jsonl", "-o", "table=report.txt", *urls, stdout=stdout)
        await asyncio.to_thread(os.read, unread, 1)
        assert [path.suffix for path in tmp_path.iterdir()] == [".part"]
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        assert (await finish(process)).status == 143
        assert [*tmp_path.iterdir()] == []
    finally:
        os.close(stdout)
        os.close(unread)


@on_posix
@pytest.mark.parametrize(("form", "lines"), [("jsonl", 1), ("table", 0)])
async def test_a_reader_that_goes_away_ends_the_run_quietly(launch: Launch, serve: Serve, form: str, lines: int) -> None:
    gone = asyncio.Event()

    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        if target == "/late":
            await gone.wait()
        writer.write(reply())

    server = await serve(answer)
    read, write = os.pipe()
    process = await launch(f"{server.url}/early", f"{server.url}/late", "-o", form, stdout=write)
    os.close(write)
    with open(read, "rb") as reader:
        for _ in range(lines):
            assert b"/early" in await asyncio.to_thread(reader.readline)
    gone.set()
    assert await finish(process) == Finished(141, "", "")


# --- output ---


async def test_jsonl_alone_is_on_standard_output(urlcheck: Urlcheck, site: str) -> None:
    finished = await urlcheck(f"{site}/health", "ftp://host", "-k", "-v", "-o", "jsonl")
    assert len(finished.records) == 2


async def test_jsonl_is_ascii(urlcheck: Urlcheck) -> None:
    finished = await urlcheck("ftp://höst/…", "-o", "jsonl")
    assert finished.stdout.isascii()
    assert finished.records[0]["url"] == "ftp://höst/…"


async def test_a_table_in_a_file_does_not_silence_the_terminal(urlcheck: Urlcheck, site: str) -> None:
    finished = await urlcheck(f"{site}/health", f"{site}/status/404", "-o", "jsonl=out.jsonl", "-o", "table=out.txt")
    assert "  2 URLs   ✓ 1 passed   ✗ 1 failed " in finished.stdout
    assert finished.stderr == ""


@pytest.mark.parametrize("form", ["table", "jsonl"])
async def test_what_a_server_says_reaches_no_pipe_raw(urlcheck: Urlcheck, serve: Serve, form: str) -> None:
    server = await serve(reply("404 \x1b[31mRed\x9b0m"))
    finished = await urlcheck(f"{server.url}/\x1b]0;title\x07", server.url, "-v", "-o", form)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", finished.stdout + finished.stderr)


@pytest.mark.parametrize(
    ("options", "env", "coloured"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
    ],
)
async def test_a_piped_table_is_coloured_only_where_that_is_asked_for(
    urlcheck: Urlcheck, options: list[str], env: dict[str, str], *, coloured: bool
) -> None:
    finished = await urlcheck("ftp://host", *options, env=env)
    assert ("\x1b[" in finished.stdout) == coloured


async def test_a_piped_table_cuts_and_folds_no_url(urlcheck: Urlcheck) -> None:
    url = f"ftp://host/{'long/' * 200}"
    assert f" {url} " in (await urlcheck(url, env={"COLUMNS": "80"})).stdout


async def test_insecure_is_said_with_the_table(urlcheck: Urlcheck, serve: Serve, ca: trustme.CA) -> None:
    server = await serve(reply(), tls=tls_with(ca.issue_cert("elsewhere.invalid")))
    finished = await urlcheck(server.url, "-k")
    assert finished.status == 0
    assert NOT_VERIFIED in finished.stdout


async def test_insecure_is_said_beside_jsonl(urlcheck: Urlcheck) -> None:
    assert NOT_VERIFIED in (await urlcheck("ftp://host", "-k", "-o", "jsonl")).stderr


async def test_quiet_leaves_results_alone(urlcheck: Urlcheck) -> None:
    finished = await urlcheck("ftp://host", "-k", "-q")
    assert finished.stderr == ""
    assert NOT_VERIFIED not in finished.stdout
    assert "ftp://host" in finished.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["http://user:hunter2@{host}/health"], id="in a URL that is ok"),
        pytest.param(["http://user:hunter2@{host}/redirect/2"], id="in a URL that is redirected"),
        pytest.param(["user:hunter2@127.0.0.1:9"], id="in a URL without a scheme"),
        pytest.param(["http://hunter2@127.0.0.1:9"], id="a token for a name"),
        pytest.param(["http://{host}/health?access_token=hunter2"], id="in a query"),
        pytest.param(["http://{host}/health#access_token=hunter2"], id="in a fragment"),
        pytest.param(["ftp://user:hunter2@host"], id="in an unsupported URL"),
        pytest.param(["http://user:hunter2@host:port/ /"], id="in an invalid URL"),
        pytest.param(["http://{host}", "-u", "user:hunter2"], id="--user"),
        pytest.param(["http://{host}", "-H", "Authorization: hunter2"], id="--header"),
        pytest.param(["http://{host}", "--base-url", "ftp://user:hunter2@host"], id="--base-url"),
        pytest.param(["-f", "http://user:hunter2@host/list"], id="--file"),
        pytest.param(["http://{host}", "-o", "jsonl=http://user:hunter2@host/list"], id="--output"),
        pytest.param(["http://{host}", "--ca-file", "http://user:hunter2@host/ca.pem"], id="--ca-file"),
        pytest.param(["http://{host}", "-t", "http://user:hunter2@host"], id="--timeout"),
        pytest.param(["http://{host}", "--proxy", "http://user:hunter2@127.0.0.1:9"], id="--proxy"),
        pytest.param(["https://127.0.0.1:9", "--proxy", "http://user:hunter2@{host}"], id="--proxy for https"),
        pytest.param(["http://{host}", "--proxy", "ftp://user:hunter2@host"], id="an unusable --proxy"),
        pytest.param(["http://{host}", "--proxy", "user:hunter2@host:port"], id="a --proxy without a scheme"),
        pytest.param(["http://{host}", "--deadline", "http://user:hunter2@host"], id="--deadline"),
        pytest.param(["http://{host}", "--rate", "http://user:hunter2@host"], id="--rate"),
    ],
)
async def test_a_password_is_never_written(urlcheck: Urlcheck, site: str, tmp_path: Path, arguments: list[str]) -> None:
    host = site.removeprefix("http://")
    arguments = [argument.format(host=host) for argument in arguments]
    finished = await urlcheck(*arguments, "-r", "0", "-v", "-o", "table", "-o", "jsonl=out")
    report = tmp_path / "out"
    written = finished.stdout + finished.stderr + (report.read_text() if report.exists() else "")
    assert written
    assert "hunter2" not in written


async def test_a_password_in_a_redirect_is_never_written(urlcheck: Urlcheck, serve: Serve) -> None:
    server = await serve(reply("302 Found", "Location: http://user:hunter2@127.0.0.1:9/?token=hunter2"))
    finished = await urlcheck(server.url, "-r", "0", "-o", "jsonl")
    assert finished.records[0]["final_url"] == "http://127.0.0.1:9/?token=****"
    assert "hunter2" not in finished.stdout + finished.stderr


# --- help ---


async def test_help_lists_the_options_in_groups_below_the_examples(urlcheck: Urlcheck) -> None:
    text = (await urlcheck("--help")).stdout
    groups = re.findall(r"^(\w+):\n((?:  .*\n)+)", text, re.MULTILINE)
    first_options = [(name, re.findall(r"--[\w-]+", options)[0]) for name, options in groups]
    assert first_options[1:9] == [
        ("Input", "--file"),
        ("Run", "--concurrency"),
        ("State", "--state"),
        ("Request", "--timeout"),
        ("Connection", "--proxy"),
        ("Verdict", "--accept"),
        ("Watch", "--watch"),
        ("Output", "--output"),
    ]


@pytest.mark.parametrize("default", [str(Settings().concurrency), "10s", "GET", "200-299", "table"])
def test_help_states_the_defaults(run_here: RunHere, default: str) -> None:
    assert f"default: {default}]" in " ".join((run_here("--help")).stdout.split())


async def test_version_is_the_packages(urlcheck: Urlcheck) -> None:
    assert await urlcheck("--version") == Finished(0, f"urlcheck {VERSION}\n", "")


@pytest.mark.parametrize("option", ["-h", "--help", "--version", "--manual"])
async def test_help_and_version_pay_for_neither_aiohttp_nor_rich(urlcheck: Urlcheck, option: str) -> None:
    finished = await urlcheck(option, env={"PYTHONPROFILEIMPORTTIME": "1"})
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in finished.stderr.splitlines()}
    assert "click" in imported
    assert not imported & {"aiohttp", "rich", "yarl", "idna"}


# --- what a user may do by mistake ---


@pytest.mark.parametrize("form", ["table", "jsonl"])
async def test_a_report_does_not_take_the_place_of_a_list(urlcheck: Urlcheck, tmp_path: Path, form: str) -> None:
    file = tmp_path / "urls.txt"
    file.write_text("ftp://example.org/\n", encoding="utf-8")
    finished = await urlcheck("-f", str(file), "-o", f"{form}={file}")
    assert (finished.status, "is named twice" in finished.stderr) == (2, True)
    assert file.read_text(encoding="utf-8") == "ftp://example.org/\n"


async def test_standard_input_that_is_named_twice_is_read_once(urlcheck: Urlcheck) -> None:
    finished = await urlcheck("-", "-", "ftp://b/", "-o", "jsonl", stdin=b"ftp://a/\n")
    assert [json.loads(line)["url"] for line in finished.stdout.splitlines()] == ["ftp://a/", "ftp://b/"]
    assert finished.stderr == ""


@on_posix
async def test_a_pipe_without_a_writer_does_not_outlive_the_deadline(urlcheck: Urlcheck, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    finished = await urlcheck("-f", str(tmp_path / "pipe"), "--deadline", "0.2s", "-o", "jsonl")
    assert finished.status == 1
    assert "the input was not read to its end" in finished.stderr


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding"])
async def test_a_header_that_frames_the_request_is_refused(urlcheck: Urlcheck, name: str) -> None:
    finished = await urlcheck("http://127.0.0.1:1/", "-H", f"{name}: 5")
    assert (finished.status, f"{name} cannot be set" in finished.stderr) == (2, True)


# --- expectations ---


@pytest.mark.parametrize(
    ("options", "verdict", "detail"),
    [
        (["--expect-header", "X-Build: 42"], "ok", "200 OK"),
        (["--expect-header", "X-Build: ~^[0-9]+$"], "ok", "200 OK"),
        (["--expect-header", "x-build: 4"], "content", "header x-build is not '4' (it is '42')"),
        (["--expect-header", "X-Build: ~^x"], "content", "header X-Build is not '~^x' (it is '42')"),
        (["--expect-header", "X-Other: 1"], "content", "header X-Other is missing"),
        (["--max-time", "1h"], "ok", "200 OK"),
    ],
)
async def test_an_accepted_answer_must_meet_expectations(
    urlcheck: Urlcheck, serve: Serve, options: list[str], verdict: str, detail: str
) -> None:
    server = await serve(reply("200 OK", "X-Build: 42"))
    [record] = (await urlcheck(server.url, "-o", "jsonl", *options)).records
    assert (record["verdict"], record["detail"]) == (verdict, detail)


async def test_what_takes_longer_than_it_may_is_slow(urlcheck: Urlcheck, serve: Serve) -> None:
    server = await serve(reply())
    [record] = (await urlcheck(server.url, "-o", "jsonl", "--max-time", "0.001ms")).records
    assert record["verdict"] == "slow"
    assert "more than 0.001 ms" in record["detail"]


@pytest.mark.parametrize(("days", "verdict"), [("9", "ok"), ("10", "cert")])
async def test_a_certificate_must_be_valid_long_enough(
    urlcheck: Urlcheck, serve: Serve, ca: trustme.CA, ca_file: str, days: str, verdict: str
) -> None:
    certificate = ca.issue_cert("localhost", not_after=datetime.now(UTC) + timedelta(days=9, hours=1))
    server = await serve(reply(), tls_with(certificate))
    [record] = (await urlcheck(server.url, "-o", "jsonl", "--ca-file", ca_file, "--min-cert-days", days)).records
    assert record["verdict"] == verdict, record["detail"]
    assert record["detail"].startswith(
        "200 OK" if verdict == "ok" else f"certificate expires on {record['cert_expires'][:10]}"
    )


def test_an_unusable_expectation_is_an_error_in_one_line(run_here: RunHere) -> None:
    finished = run_here("http://127.0.0.1:1/", "--expect-header", "X-Build: ~(")
    assert finished.status == 2
    assert finished.stderr.startswith("urlcheck: --expect-header: '(' is not a regular expression")
