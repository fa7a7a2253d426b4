"""What urlcheck makes of servers that misbehave: the verdict that an expert with curl and openssl would give."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, create_subprocess_exec
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Self

import pytest
import trustme
from _pytest.mark import ParameterSet
from hypothesis import given
from hypothesis import strategies as st

from tests.support.client import open_client
from tests.support.fork_server import ForkServer
from tests.support.hostile import ANSWERS, SECRET, HostileServer, serve_aside
from tests.support.marks import on_linux
from tests.support.program import Program, finish
from urlcheck.client import session
from urlcheck.client.resolver import ConfirmingResolver, LookupThreads
from urlcheck.http.url import parse
from urlcheck.model.outcome import Failure, Outcome, Response
from urlcheck.reports.wording import mark, name_outcome
from urlcheck.settings.settings import Settings

LINUX_ONLY = {"never_accepted"}

PATIENCE = 60  # seconds for a run; none comes near
MEMORY = 150 * 1024  # KiB for a run, at most

# says on standard error how much memory it took in the end, in KiB
WEIGHED_PROGRAM = (
    sys.executable,
    "-c",
    """if True:
    import re, sys
    from urlcheck.cli.program import run
    status = run()
    with open("/proc/self/status") as file:
        print(re.search("VmHWM: *\\t *([0-9]+) kB", file.read())[1], file=sys.stderr)
    sys.exit(status)
    """,
)
# what makes every request go through aiohttp's session, as with a version of aiohttp that `client/lean.py` does not know
WITHOUT_LEAN = "from urlcheck.client import lean; lean.is_available = lambda: False"
FEW_DESCRIPTORS = ("sh", "-c", 'ulimit -n 64; exec "$@"', "sh", sys.executable, "-m", "urlcheck")

SHORT = "--timeout 2s"
RETRY = "--retries 1"
PRIVATE = "--block-private"
HEAD = "--method HEAD"
SERIAL = "--per-host 1"
NO_TRUST = "--insecure"
KEY = f"--header X-Key:{SECRET}"


@dataclass(frozen=True)
class Expected:
    """What is to be reported of a scenario.

    `detail` is a part of it. `options` follow those of every run: a time limit that only a server without end exhausts, no
    retries, and trust in the certificates' issuer. `entry` is what stands in the list, with the scenarios' ports by their
    names; `times`: so often, each time with another query.
    """

    verdict: str
    status: int | None = None
    detail: str = ""
    options: str = ""
    entry: str = "{url}"
    attempts: int = 1
    times: int = 1


TABLE: dict[str, Expected] = {
    "good": Expected("ok", 200, "200 OK"),
    # --- hardly HTTP
    "garbage": Expected("protocol", None, "not an HTTP answer"),
    "http_0_9": Expected("protocol", None, "not an HTTP answer"),
    "http_1_0": Expected("ok", 200),
    "http_9_9": Expected("protocol", None, "not an HTTP answer"),
    "rtsp": Expected("protocol", None, "not an HTTP answer: the server speaks RTSP"),
    "http_2": Expected("protocol", None, "not an HTTP answer: the server speaks HTTP/2 alone"),
    "tls_alert": Expected("protocol", None, "not an HTTP answer: the server speaks TLS"),
    "ssh": Expected("protocol", None, "not an HTTP answer: the server speaks SSH"),
    "smtp": Expected("protocol", None, "not an HTTP answer: the server speaks another protocol, such as SMTP or FTP"),
    "shoutcast": Expected("protocol", None, "not an HTTP answer: the server speaks Shoutcast's ICY"),
    "nothing": Expected("protocol", None, "the server closed the connection without an answer"),
    "half_a_status_line": Expected("protocol", None, "the connection ended before the end of the headers"),
    "half_a_head": Expected("protocol", None, "the connection ended before the end of the headers"),
    # --- statuses
    "status_000": Expected("status", 0, "000 Nothing (not a standard status)"),
    "status_099": Expected("status", 99, "099 Early (not a standard status)"),
    "status_600": Expected("status", 600, "600 Late (not a standard status)"),
    "status_999": Expected("blocked", 999, "a bot wall answered"),
    "status_1000": Expected("protocol", None, "not an HTTP answer"),
    "status_negative": Expected("protocol", None, "not an HTTP answer"),
    "no_reason": Expected("status", 404, "404 Not Found"),
    "accepted": Expected("ok", 202, "202 Accepted"),
    "no_content": Expected("ok", 204, "204 No Content"),
    "unauthorized": Expected("status", 401, "401 Unauthorized"),
    "forbidden": Expected("status", 403, "403 Forbidden"),
    "not_found": Expected("status", 404, "404 Not Found"),
    "gone": Expected("status", 410, "410 Gone"),
    "not_modified": Expected("status", 304, "304 Not Modified"),
    "multiple_choices": Expected("status", 300, "300 Multiple Choices"),
    "too_many_requests": Expected("rate-limited", 429, "429 Too Many Requests"),
    "retry_after_seconds": Expected("rate-limited", 429, "429 Slow Down"),
    "retry_after_date": Expected("rate-limited", 429, "429 Slow Down"),
    "retry_after_absurd": Expected("rate-limited", 429, "429 Slow Down"),
    "retry_after_negative": Expected("rate-limited", 429, "429 Slow Down"),
    "retry_after_garbage": Expected("rate-limited", 429, "429 Slow Down"),
    "unavailable": Expected("status", 503, "503 Service Unavailable"),
    "cloudflare": Expected("blocked", 403, "a bot wall answered (Cloudflare)"),
    "aws_waf": Expected("blocked", 202, "a bot wall answered (AWS WAF)"),
    # --- text that a terminal would obey
    "reason_escape": Expected("status", 404, r"404 \x1b[31mred\x1b[0m"),
    "reason_osc": Expected("status", 404, r"404 \x1b]0;owned\x07"),
    "reason_c1": Expected("status", 404, r"404 \x9b31m"),
    "reason_bidi": Expected("status", 404, r"404 \u202egnp.exe\u2066"),
    "reason_not_utf_8": Expected("status", 404, r"404 \udcff\udcfe"),
    "reason_markup": Expected("status", 404, "404 [bold red]x[/nope]"),
    "reason_newlines": Expected("status", 404, r"404 a\x85b\u2028c\u2029d"),
    "reason_long": Expected("status", 404, "404 long long long"),
    # --- headers
    "header_escape": Expected("ok", 200),
    "header_folded": Expected("ok", 200),
    "header_nul": Expected("protocol", None, "not an HTTP answer"),
    "header_without_colon": Expected("protocol", None, "not an HTTP answer"),
    "header_without_name": Expected("ok", 200),
    "header_with_a_blank_in_its_name": Expected("ok", 200),
    "header_200_kb": Expected("ok", 200),
    "header_2_mb": Expected("protocol", None, "not an HTTP answer"),
    "headers_2_mb": Expected("protocol", None, "not an HTTP answer"),
    "headers_500": Expected("ok", 200),
    "headers_5000": Expected("protocol", None, "not an HTTP answer"),
    "line_feeds_alone": Expected("ok", 200),
    "two_lengths": Expected("protocol", None, "not an HTTP answer"),
    "two_equal_lengths": Expected("ok", 200),
    "negative_length": Expected("protocol", None, "not an HTTP answer"),
    "length_of_words": Expected("protocol", None, "not an HTTP answer"),
    "length_with_chunks": Expected("ok", 200),
    # --- more than one answer
    "continue_first": Expected("ok", 200),
    "hints_first": Expected("ok", 200),
    "continue_only": Expected("protocol", None, "the server closed the connection without an answer"),
    "switching_protocols": Expected("status", 101, "101 Switching Protocols"),
    # --- answers without an end, or in no hurry
    "never_answered": Expected("timeout", None, "no response within 2 s", SHORT),
    "drip_of_the_status_line": Expected("timeout", None, "no response within 2 s", SHORT),
    "drip_of_the_head": Expected("timeout", None, "no response within 2 s", SHORT),
    "drip_of_hints": Expected("timeout", None, "no response within 2 s", SHORT),
    "flood_of_hints": Expected("protocol", None, "not an HTTP answer"),
    "endless_headers": Expected("protocol", None, "not an HTTP answer"),
    "endless_header": Expected("protocol", None, "not an HTTP answer"),
    "endless_reason": Expected("protocol", None, "not an HTTP answer"),
    # --- bodies: the head was good, and nothing more is asked for
    "drip_of_the_body": Expected("ok", 200),
    "endless_body": Expected("ok", 200),
    "body_without_length": Expected("ok", 200),
    "body_too_short": Expected("ok", 200),
    "body_cut_in_a_chunk": Expected("ok", 200),
    "malformed_chunk": Expected("ok", 200),
    "chunk_of_2_to_the_80": Expected("ok", 200),
    "unknown_encoding": Expected("ok", 200),
    "not_brotli": Expected("ok", 200),
    "gzip_bomb": Expected("ok", 200),
    # --- connections that are kept, or not: what goes wrong with one says nothing about the next URL
    "closes_what_it_promised_to_keep": Expected("ok", 200, "200 OK", SERIAL, attempts=1, times=20),
    "hangs_up_on_the_second_request": Expected("ok", 200, "200 OK", SERIAL, attempts=1, times=20),
    "resets_on_the_second_request": Expected("ok", 200, "200 OK", SERIAL, attempts=1, times=20),
    "answers_what_was_not_asked": Expected("ok", 200, "200 OK", SERIAL, attempts=1, times=20),
    # --- answers that change
    "head_is_refused": Expected("ok", 200, "200 OK", HEAD, attempts=1),
    "head_is_not_answered": Expected("ok", 200, "200 OK", HEAD, attempts=1),
    "head_with_a_body": Expected("ok", 200, "200 OK", HEAD, attempts=1, times=20),
    "recovers": Expected("ok", 200, "200 OK", RETRY, attempts=2),
    "recovers_after_a_second": Expected("ok", 200, "200 OK", RETRY, attempts=2),
    "recovers_from_a_negative_retry_after": Expected("ok", 200, "200 OK", RETRY, attempts=2),
    "recovers_from_a_retry_after_in_the_past": Expected("ok", 200, "200 OK", RETRY, attempts=2),
    "recovers_from_an_empty_answer": Expected("ok", 200, "200 OK", RETRY, attempts=2),
    # --- redirects that lead somewhere
    "to_path": Expected("ok", 200),
    "to_relative": Expected("ok", 200),
    "to_parent": Expected("ok", 200),
    "to_query": Expected("ok", 200),
    "to_empty_query": Expected("ok", 200),
    "to_fragment": Expected("ok", 200),
    "to_same_scheme": Expected("ok", 200),
    "to_absolute": Expected("ok", 200),
    "to_blanks_around": Expected("ok", 200),
    "to_blank": Expected("ok", 200),
    "to_utf_8": Expected("ok", 200),
    "to_latin_1": Expected("ok", 200),
    "to_bidi": Expected("ok", 200),
    "to_percent": Expected("ok", 200),
    "to_encoded_crlf": Expected("ok", 200),
    "to_markup": Expected("ok", 200),
    "to_token": Expected("ok", 200),
    "to_userinfo": Expected("ok", 200),
    "to_dead_end_with_token": Expected("status", 404),
    "see_other": Expected("ok", 200),
    "temporary_redirect": Expected("ok", 200),
    "three_redirects": Expected("ok", 200, options="--max-redirects 3"),
    "cookie_wall": Expected("ok", 200),
    "asks_for_credentials_again": Expected("ok", 200, entry="http://user:{secret}@127.0.0.1:{asks_for_credentials_again}/"),
    "leads_to_customs": Expected("ok", 200, options=KEY, entry="http://user:{secret}@127.0.0.1:{asks_for_credentials_again}/"),
    "leads_to_a_dead_end": Expected("connect", None, "connection refused"),
    "leads_to_silence": Expected("timeout", None, "no response within 2 s", SHORT),
    # --- redirects that lead nowhere
    "redirect_without_location": Expected("redirect", 302, "a redirect without a Location"),
    "to_nowhere": Expected("redirect", 302, "a redirect without a Location"),
    "loop_of_one": Expected("redirect", 302, "a redirect loop"),
    "loop_of_two": Expected("redirect", 302, "a redirect loop"),
    "loop_of_fragments": Expected("redirect", 302, "a redirect loop"),
    "endless_redirects": Expected("redirect", 302, "more than 10 redirects"),
    "cookie_wall_without_a_door": Expected("redirect", 302, "more than 10 redirects"),
    "to_ftp": Expected("redirect", 302, "unsupported scheme 'ftp'"),
    "to_javascript": Expected("redirect", 302, "unsupported scheme 'javascript'"),
    "to_file": Expected("redirect", 302, "unsupported scheme 'file'"),
    "to_data": Expected("redirect", 302, "unsupported scheme 'data'"),
    "to_no_host": Expected("redirect", 302, "no host"),
    "to_open_bracket": Expected("redirect", 302, "malformed host"),
    "to_port_99999": Expected("redirect", 302, "the port is not a number from 1 to 65535"),
    "to_port_word": Expected("redirect", 302, "the port is not a number from 1 to 65535"),
    "to_long_label": Expected("redirect", 302, "a label longer than 63 characters"),
    "to_empty_label": Expected("redirect", 302, "an empty label"),
    "to_odd_address": Expected("redirect", 302, "not a dotted IPv4 address"),
    "to_number": Expected("redirect", 302, "not a dotted IPv4 address"),
    "to_host_of_bytes": Expected("redirect", 302),
    "to_escape": Expected("redirect", 302, r"a control character inside: /\x1b[2J\x1b]0;owned\x07"),
    "to_long": Expected("redirect", 302, "over 16 KiB"),
    "to_malformed_with_password": Expected("redirect", 302, "the port is not a number from 1 to 65535"),
    "to_malformed_with_slash_in_password": Expected("redirect", 302),
    "to_escape_with_password": Expected("redirect", 302, "a control character inside"),
    # --- connections
    "refused": Expected("connect", None, "connection refused"),
    "never_accepted": Expected("timeout", None, "no connection within 2 s", SHORT),
    "reset_at_once": Expected("connect", None, "connection reset"),
    "reset_after_the_request": Expected("connect", None, "connection reset"),
    "finished_at_once": Expected("protocol", None, "the server closed the connection without an answer"),
    # --- certificates
    "certificate_good": Expected("ok", 200, "200 OK"),
    "certificate_expired": Expected("tls", None, "certificate expired on 2021-01-31"),
    "certificate_expired_intermediate": Expected("tls", None, "certificate expired on 2021-01-31"),
    "certificate_not_yet_valid": Expected("tls", None, "certificate not valid before 2999-01-31"),
    "certificate_wrong_host": Expected(
        "tls", None, "certificate is not for 127.0.0.1 but for one.example, two.example, three.example and 1 more"
    ),
    "certificate_address_as_name": Expected("tls", None, "certificate names 127.0.0.1 as a DNS name, not as an IP address"),
    "certificate_self_signed": Expected("tls", None, "self-signed certificate"),
    "certificate_unknown_issuer": Expected("tls", None, "certificate of an unknown issuer"),
    "certificate_missing_intermediate": Expected("tls", None, "an intermediate certificate is missing"),
    "certificate_unknown_root_in_chain": Expected("tls", None, "self-signed certificate in the chain"),
    "certificate_no_names": Expected("tls", None, "certificate is not for 127.0.0.1"),
    "certificate_hostile_names": Expected(
        "tls",
        None,
        r"certificate is not for 127.0.0.1 but for \x1b[2J.example, new\x0aline.example, [bold red]x[/nope].example",
    ),
    "certificate_name_in_no_charset": Expected("tls", None, "certificate is not for 127.0.0.1"),
    "certificate_x400_name": Expected("tls", None, "certificate is not for 127.0.0.1"),
    "certificate_version_2": Expected("tls", None, "self-signed certificate"),
    # --- TLS, or something else in its place
    "tls_is_plain_http": Expected("tls", None, "no TLS on this port"),
    "tls_is_ssh": Expected("tls", None, "no TLS on this port"),
    "tls_hangs": Expected("timeout", None, "no TLS handshake within 2 s", SHORT),
    "tls_is_closed": Expected("tls", None, "in the TLS handshake"),
    "tls_is_reset": Expected("tls", None, "connection reset in the TLS handshake"),
    "tls_1_0": Expected("tls", None, "the server speaks TLS 1.0 alone"),
    "tls_protocol_version": Expected("tls", None, "the server speaks neither TLS 1.2 nor 1.3"),
    "tls_handshake_failure": Expected("tls", None, "the server refused the handshake"),
    "tls_unrecognized_name": Expected("tls", None, "the server does not know this host name"),
    "tls_unexpected_message": Expected("tls"),
    "tls_internal_error": Expected("tls"),
    "tls_and_silence": Expected("timeout", None, "no response within 2 s", SHORT),
    "tls_and_nothing": Expected("protocol", None, "the server closed the connection without an answer"),
    "client_certificate_in_tls_1_2": Expected("tls", None, "requires a client certificate"),
    "client_certificate_in_tls_1_3": Expected("tls", None, "requires a client certificate"),
    # --- certificates that nobody asked about
    "insecure_expired": Expected("ok", 200, "200 OK", NO_TRUST, "https://127.0.0.1:{certificate_expired}/"),
    "insecure_hostile_names": Expected("ok", 200, "200 OK", NO_TRUST, "https://127.0.0.1:{certificate_hostile_names}/"),
    "insecure_name_in_no_charset": Expected(
        "ok", 200, "200 OK", NO_TRUST, "https://127.0.0.1:{certificate_name_in_no_charset}/"
    ),
    "insecure_x400_name": Expected("ok", 200, "200 OK", NO_TRUST, "https://127.0.0.1:{certificate_x400_name}/"),
    "insecure_version_2": Expected("ok", 200, "200 OK", NO_TRUST, "https://127.0.0.1:{certificate_version_2}/"),
    # --- names and addresses
    "plain_to_tls": Expected("protocol", None, entry="http://127.0.0.1:{certificate_good}/"),
    "localhost": Expected("ok", 200, "200 OK", entry="localhost:{good}"),
    "localhost_by_its_certificate": Expected("ok", 200, "200 OK", entry="https://localhost:{certificate_good}/"),
    "localhost_is_another": Expected(
        "tls",
        None,
        "certificate is not for localhost but for one.example",
        entry="https://localhost:{certificate_wrong_host}/",
    ),
    "odd_spelling": Expected("ok", 200, "200 OK", entry="http://0x7f.1:{good}/odd"),
    "no_such_name": Expected("dns", None, entry="https://nope.invalid/"),
    "label_too_long": Expected(
        "invalid", None, "a label longer than 63 characters", entry="https://" + "a" * 64 + ".example/"
    ),
    "empty_label": Expected("invalid", None, "an empty label", entry="https://a..b/"),
    "port_99999": Expected("invalid", None, "the port is not a number from 1 to 65535", entry="http://127.0.0.1:99999/"),
    "private_ipv4": Expected("private", None, "127.0.0.1 is not a public address", PRIVATE, "127.0.0.1:{good}/private"),
    "private_ipv6": Expected("private", None, "::1 is not a public address", PRIVATE, "http://[::1]:{good}/"),
    "private_mapped": Expected("private", None, "is not a public address", PRIVATE, "http://[::ffff:127.0.0.1]:{good}/"),
    "private_nat64": Expected("private", None, "is not a public address", PRIVATE, "http://[64:ff9b::127.0.0.1]:{good}/"),
    "private_odd_spelling": Expected("private", None, "127.0.0.1 is not a public address", PRIVATE, "http://0x7f.1:{good}/"),
    "private_localhost": Expected("private", None, "is not a public address", PRIVATE, "http://localhost:{good}/private"),
    # --- secrets that stand in the list
    "secret_password": Expected("ok", 200, entry="http://user:{secret}@127.0.0.1:{good}/password"),
    "secret_user": Expected("ok", 200, entry="http://{secret}@127.0.0.1:{good}/user"),
    "secret_token": Expected("ok", 200, entry="http://127.0.0.1:{good}/?a=b&access_token={secret}&c=d"),
    "secret_signature": Expected("ok", 200, entry="http://127.0.0.1:{good}/?X-Amz-Signature={secret}#token={secret}"),
    "secret_of_a_failure": Expected(
        "connect", None, "connection refused", entry="http://user:{secret}@127.0.0.1:{refused}/?token={secret}"
    ),
    "secret_of_an_invalid_port": Expected("invalid", entry="http://user:{secret}@127.0.0.1:99999/?api_key={secret}"),
    "secret_of_an_invalid_host": Expected("invalid", entry="http://user:{secret}@a..b/?token={secret}"),
    "secret_with_a_slash": Expected("invalid", entry="http://user:{secret}/{secret}@127.0.0.1/"),
    "secret_with_a_blank": Expected("invalid", entry="http://user:{secret} {secret}@127.0.0.1/?sig={secret}"),
    "secret_of_another_scheme": Expected("invalid", None, "unsupported scheme 'ftp'", entry="ftp://user:{secret}@127.0.0.1/"),
}


class Run:
    """The real command line over a list: the table on standard output, the records of the same results in a file."""

    def __init__(self, folder: Path, entries: Iterable[str], options: str) -> None:
        (folder / "urls.txt").write_text("\n".join(entries), encoding="utf-8")
        self._folder = folder
        outputs = ("-o", "table", "--show", "all", "-o", "jsonl=results.jsonl")
        self._arguments = ("-f", "urls.txt", *outputs, *shlex.split(options))

    async def fork(self, fork_server: ForkServer, before: str = "") -> Self:
        """Run it to its end by a fork, and this code first."""
        streams = (DEVNULL, PIPE, PIPE)
        return await self._finish(await fork_server.start(self._arguments, streams, str(self._folder), os.environ, before))

    async def start(self, program: Sequence[str]) -> Self:
        """Run it to its end as a program of its own."""
        arguments = (*program, *self._arguments)
        return await self._finish(
            await create_subprocess_exec(*arguments, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, cwd=self._folder)
        )

    async def _finish(self, process: Program) -> Self:
        try:
            finished = await finish(process)
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()
        self.status, self.stdout, self.stderr = finished.status, finished.stdout, finished.stderr
        self.records = [json.loads(line) for line in (self._folder / "results.jsonl").read_text("utf-8").splitlines()]
        return self


# what is checked in two processes: every verdict under every set of options, and each eighth scenario besides
SAMPLE = sorted({*{(row.verdict, row.options): name for name, row in TABLE.items()}.values(), *list(TABLE)[::8]})


@dataclass(frozen=True)
class Mode:
    """A way to run the program: the option that says where, the scenarios that are checked, and code that runs before it."""

    where: str
    names: Sequence[str]
    before: str = ""


ONE, TWO = "1 processes", "2 processes"
MODES = {
    ONE: Mode("--processes 1", list(TABLE)),
    TWO: Mode("--processes 2", SAMPLE),
    "session": Mode("--processes 1", list(TABLE), WITHOUT_LEAN),
}


class Runs:
    """All scenarios of a mode, in one run for each set of options, all of them at the same time."""

    def __init__(
        self,
        server: HostileServer,
        make_folder: Callable[[str], Path],
        options: str,
        mode: Mode,
        fork_server: ForkServer,
    ) -> None:
        lists: dict[str, list[tuple[str, str]]] = {}
        for name in mode.names:
            lists.setdefault(TABLE[name].options, []).extend((name, entry) for entry in make_entries(server, name))
        self.by_options = {
            more: Run(make_folder("run"), (entry for _, entry in entries), f"{options} {more}")
            for more, entries in lists.items()
        }
        self.records: dict[str, list[dict[str, Any]]] = {name: [] for name in mode.names}

        async def finish_all() -> None:
            await asyncio.gather(*(run.fork(fork_server, mode.before) for run in self.by_options.values()))

        asyncio.run(finish_all())
        for more, run in self.by_options.items():
            for record in run.records:
                name, _ = lists[more][record["line"] - 1]
                self.records[name].append(record)


def make_entries(server: HostileServer, name: str) -> list[str]:
    expected = TABLE[name]
    url = server.url(name) if name in server.ports else ""
    entry = expected.entry.format(url=url, secret=SECRET, **server.ports)
    return [entry] if expected.times == 1 else [f"{entry}?{number}" for number in range(expected.times)]


class Ground:
    """A server of its own, since it counts, and the runs against it in one mode."""

    def __init__(
        self,
        server: HostileServer,
        make_folder: Callable[[str], Path],
        ca_file: Path,
        mode: Mode,
        fork_server: ForkServer,
    ) -> None:
        self.server = server
        self.make_folder = make_folder
        self.options = f"--timeout 20s --retries 0 {mode.where} --ca-file {shlex.quote(str(ca_file))}"
        self._mode = mode
        self._fork_server = fork_server

    @cached_property
    def runs(self) -> Runs:
        return Runs(self.server, self.make_folder, self.options, self._mode, self._fork_server)


@pytest.fixture(scope="module")
def grounds(
    ca: trustme.CA, tmp_path_factory: pytest.TempPathFactory, fork_server: ForkServer
) -> Iterator[Callable[[str], Ground]]:
    """Makes the ground for a mode, once."""
    ca_file = tmp_path_factory.mktemp("ca") / "ca.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    with ExitStack() as servers:

        @cache
        def make(mode: str) -> Ground:
            server = servers.enter_context(serve_aside(ca))
            return Ground(server, tmp_path_factory.mktemp, ca_file, MODES[mode], fork_server)

        yield make


def make_case(mode: str, *values: str, marks: Iterable[pytest.MarkDecorator] = ()) -> ParameterSet:
    """A case for a mode; `tests/conftest.py` has all cases of a mode run by one worker, for they share their runs."""
    return pytest.param(mode, *values, marks=[*marks], id="-".join([mode, *values]))


def for_each(name: str, choose: Callable[[Sequence[str]], Iterable[str]] = iter) -> pytest.MarkDecorator:
    """Gives a test what `choose` finds in the scenarios of each mode, as its argument `name`."""
    cases = [
        make_case(label, value, marks=[on_linux] if value in LINUX_ONLY else [])
        for label, mode in MODES.items()
        for value in choose(mode.names)
    ]
    return pytest.mark.parametrize(("mode", name), cases)


@pytest.fixture(params=[make_case(ONE), make_case(TWO)])
def mode(request: pytest.FixtureRequest) -> str:
    label: str = request.param
    return label


@pytest.fixture
def ground(grounds: Callable[[str], Ground], mode: str) -> Ground:
    return grounds(mode)


@pytest.fixture
def runs(ground: Ground) -> Runs:
    return ground.runs


@for_each("name")
def test_each_scenario_has_the_verdict_of_the_table(runs: Runs, name: str) -> None:
    expected, records = TABLE[name], runs.records[name]
    assert len(records) == expected.times
    for record in records:
        assert (record["verdict"], record["status"]) == (expected.verdict, expected.status), record["detail"]
        assert expected.detail in record["detail"]
        assert record["attempts"] == (0 if expected.verdict == "invalid" else expected.attempts)


def test_each_scenario_of_the_server_is_in_the_table(grounds: Callable[[str], Ground]) -> None:
    assert grounds(ONE).server.ports.keys() - TABLE.keys() == {"customs", "thousand_hosts", "anything"}


def choose_readable(names: Sequence[str]) -> Iterable[str]:
    """The scenarios whose certificate can be read."""
    return (name for name in names if name.startswith("certificate_") and name != "certificate_version_2")


@for_each("name", choose_readable)
def test_the_record_of_an_https_url_holds_address_and_expiry(runs: Runs, name: str) -> None:
    [record] = runs.records[name]
    assert record["address"] == "127.0.0.1"
    assert record["cert_expires"]


def test_a_fragment_is_kept_for_the_report(grounds: Callable[[str], Ground]) -> None:
    assert grounds(ONE).runs.records["to_fragment"][0]["final_url"].endswith("/there#part")


each_run = for_each("more", lambda names: sorted({TABLE[name].options for name in names}))


@each_run
def test_the_exit_status_says_whether_all_passed(runs: Runs, more: str) -> None:
    run = runs.by_options[more]
    assert run.status == (0 if all(record["ok"] for record in run.records) else 1)
    assert run.stderr == ""


@each_run
def test_no_terminal_is_commanded_and_no_secret_told(runs: Runs, more: str) -> None:
    run = runs.by_options[more]
    for text in (run.stdout.replace("\n", ""), *texts_in(run.records)):
        assert text.isprintable()
        assert SECRET not in text


def texts_in(value: object) -> Iterator[str]:
    """Every string of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from texts_in(part)


@each_run
def test_table_and_records_agree(runs: Runs, more: str) -> None:
    run = runs.by_options[more]
    rows = [line.strip() for line in run.stdout.splitlines()]
    for record in run.records:
        label = f"{mark(record)} {name_outcome(record)}"
        [row] = [row for row in rows if row.startswith(label) and f" {record['url']} " in row]
        row = row.removesuffix(f" (attempt {record['attempts']})")
        assert row.endswith((record["detail"].removeprefix(f"{record['status']} "), f"→ {record['final_url']}"))


@on_linux
async def test_a_third_that_misbehaves_does_no_harm_to_the_others(ground: Ground) -> None:
    hostile = [
        name
        for name, row in TABLE.items()
        if row.options in ("", SHORT) and row.entry == "{url}" and b"Retry-After" not in ANSWERS.get(name, b"")
    ]
    names = [bad if number % 3 == 0 else "good" for number, bad in enumerate(islice(cycle(hostile), 1000))]
    entries = [f"{ground.server.url(name)}?{number}" for number, name in enumerate(names)]
    options = f"{ground.options} --timeout 4s --retries 1"
    run = await Run(ground.make_folder("third"), entries, options).start(WEIGHED_PROGRAM)
    assert run.status == 1
    verdicts = {record["line"]: record["verdict"] for record in run.records}
    assert len(run.records) == len(verdicts) == 1000
    unexpected = [(name, verdicts[line]) for line, name in enumerate(names, 1) if verdicts[line] != TABLE[name].verdict]
    assert unexpected == []
    assert int(run.stderr) < MEMORY


@on_linux
async def test_a_thousand_hosts_are_checked_with_64_descriptors(ground: Ground) -> None:
    port = ground.server.ports["thousand_hosts"]
    hosts = [f"127.{number % 250}.{number // 250}.1:{port}" for number in range(1000)]
    run = await Run(ground.make_folder("thousand"), hosts, ground.options).start(FEW_DESCRIPTORS)
    assert [record["detail"] for record in run.records if record["verdict"] != "ok"] == []
    assert (run.status, len(run.records)) == (0, 1000)


# --- whatever a server says, an attempt ends with a response or a failure

Ask = Callable[[str], Outcome]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """One attempt at a URL, by a client that knows no names, lest a made-up one be looked up."""

    async def attempt(url: str) -> Outcome:
        return await client.attempt(parse(url), "GET")

    def know_nothing(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "no such host")

    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        patch.setattr(session, "make_resolver", lambda: ConfirmingResolver(None, LookupThreads(know_nothing)))
        opening = open_client(Settings(timeout=PATIENCE, proxy=None))
        client = runner.run(opening.__aenter__())
        yield lambda url: runner.run(attempt(url))
        runner.run(opening.__aexit__(None, None, None))


pieces = st.sampled_from(
    [
        b"HTTP/1.1 ",
        b"200 OK",
        b"302 Found",
        b"\r\n",
        b"\n",
        b": ",
        b"Content-Length",
        b"Transfer-Encoding",
        b"chunked",
        b"100 ",
    ]
)
noise = st.lists(st.one_of(pieces, st.binary(max_size=20), st.just(b"0"))).map(b"".join)


@given(answer=st.one_of(noise, noise.map(b"HTTP/1.1 200 OK\r\n".__add__)))
def test_any_bytes_for_an_answer(grounds: Callable[[str], Ground], ask: Ask, answer: bytes) -> None:
    server = grounds(ONE).server
    server.anything = answer
    assert isinstance(ask(server.url("anything")), Response | Failure)


starts = st.sampled_from([b"", b"/", b"?", b"//", b"http://", b"https://user:", b"HTTP:"])
locations = st.builds(bytes.__add__, starts, st.binary().filter(lambda location: not set(location) & set(b"\r\n\0")))


@given(location=locations)
def test_any_bytes_for_a_location(grounds: Callable[[str], Ground], ask: Ask, location: bytes) -> None:
    server = grounds(ONE).server
    server.anything = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    assert isinstance(ask(server.url("anything")), Response | Failure)
