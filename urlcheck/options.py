"""The options of the command, group by group."""

from __future__ import annotations

import click

from urlcheck.bodies import read_form, read_json
from urlcheck.durations import format_duration
from urlcheck.groups import combine, group_options
from urlcheck.limits import RANGES
from urlcheck.reports.registry import FORMATS
from urlcheck.settings import OutputSettings, Settings
from urlcheck.sizes import format_size
from urlcheck.values import (
    Body,
    Count,
    Credentials,
    Duration,
    Header,
    HeaderText,
    Method,
    Output,
    Pin,
    Processes,
    Rate,
    Size,
    StatusCodes,
    Verdicts,
)


def _format_codes(codes: range) -> str:
    return f"{codes.start}-{codes.stop - 1}"


def _list_formats() -> str:
    *others, last = FORMATS
    return f"{', '.join(others)} or {last}"


_input = group_options("Input", Settings)
_run = group_options("Run", Settings)
_request = group_options("Request", Settings)
_connection = group_options("Connection", Settings)
_verdict = group_options("Verdict", Settings)
_output = group_options("Output", OutputSettings)

input_options = combine(
    _input("-f", "--file", "files", type=click.Path(), metavar="FILE", multiple=True,
           help="Read URLs from FILE, one a line; - is standard input. Repeatable."),
    _input("--base-url", metavar="URL", help="Resolve entries that start with /, ./, ../ or ? against URL."),
    _input("--include", metavar="REGEX", multiple=True,
           help="Check only URLs that match; the others are skipped. Repeatable."),
    _input("--exclude", metavar="REGEX", multiple=True, help="Skip URLs that match. Repeatable."),
    _input("--no-dedupe", "dedupe", flag_value=False, type=bool,
           help="Check and report every line, also a URL that was met before; for endless input."),
    _input("--allow-empty", is_flag=True, help="No URL in the input is no error."),
)  # fmt: skip

run_options = combine(
    _run("-c", "--concurrency", type=Count(*RANGES["concurrency"]), metavar="N", shows=str,
         help="Requests in flight."),
    _run("--per-host", type=Count(*RANGES["per_host"]), metavar="N", shows=str,
         help="Requests in flight to one host."),
    _run("--rate", type=Rate(), metavar="N",
         help="Requests a second to one host, at most."),
    _run("-j", "--processes", type=Processes(), metavar="N|auto", shows=str,
         help="Processes; auto starts more for a long list that keeps one busy."),
    _run("--deadline", type=Duration(), metavar="DURATION",
         help="For the whole run; what is not finished then is unchecked."),
    _run("--wait", type=Duration(), metavar="DURATION",
         help="Check again what has not passed, every 0.25 to 2 seconds, until all has or the time is up."),
)  # fmt: skip

request_options = combine(
    _request("-t", "--timeout", type=Duration(), metavar="DURATION",
             shows=lambda seconds: format_duration(seconds).replace(" ", ""), help="For one attempt, redirects included."),
    _request("-r", "--retries", type=Count(*RANGES["retries"]), metavar="N", shows=str,
             help="Further attempts for a failure that may pass, after about 1, 2, 4 ... seconds."),
    _request("-X", "--method", type=Method(), metavar="METHOD", shows=str,
             help="Any method may be given. A HEAD that does not pass is confirmed by a GET."),
    _request("--data", type=Body(read_form), multiple=True, metavar="DATA",
             help="POST a form: DATA, or @FILE; goes to each URL's own origin only. Repeatable."),
    _request("--json", type=Body(read_json), metavar="JSON", help="POST JSON, or @FILE; goes to each URL's own origin only."),
    _request("-H", "--header", "headers", type=Header(), multiple=True, metavar="'NAME: VALUE'",
             help="Sent to each URL's own origin only. Repeatable."),
    _request("--user-agent", type=HeaderText(), metavar="TEXT", shows=str, help="How urlcheck introduces itself."),
    _request("-u", "--user", type=Credentials(), metavar="NAME:PASSWORD",
             help="Basic credentials, for each URL's own origin only."),
    _request("--netrc", is_flag=True, help="Credentials from ~/.netrc, or the file that NETRC names."),
    _request("--max-redirects", type=Count(*RANGES["max_redirects"]), metavar="N", shows=str,
             help="Redirects followed; 0: the redirect is the answer."),
)  # fmt: skip

connection_options = combine(
    _connection("--proxy", metavar="URL", help="Instead of HTTP_PROXY and HTTPS_PROXY. NO_PROXY is obeyed."),
    _connection("-k", "--insecure", is_flag=True, help="Do not verify TLS certificates; the output says so."),
    _connection("--ca-file", type=click.Path(), metavar="FILE", help="Trust the PEM certificates in FILE, and no others."),
    _connection("--cert", type=click.Path(), metavar="FILE",
                help="A client certificate in PEM form, for each URL's own origin only."),
    _connection("--key", type=click.Path(), metavar="FILE", help="Its private key, where it is not in the same file."),
    _connection("--resolve", type=Pin(), multiple=True, metavar="SPEC",
                help="HOST:PORT:ADDRESS: connect to ADDRESS for HOST, or * for any name, and PORT. Repeatable."),
    _connection("--unix-socket", type=click.Path(), metavar="PATH", help="Send all requests through this Unix socket."),
    _connection("--block-private", is_flag=True, help="Refuse every address that is not public."),
    _connection("-4", "ip_version", flag_value=4, type=int, help="IPv4 only."),
    _connection("-6", "ip_version", flag_value=6, type=int, help="IPv6 only."),
)  # fmt: skip

verdict_options = combine(
    _verdict("--accept", type=StatusCodes(), metavar="CODES", shows=_format_codes,
             help="Final status codes that pass, as in 200-299,304 or 2xx,404."),
    _verdict("--expect-header", "expect_headers", type=Header(is_sent=False), multiple=True, metavar="'NAME: VALUE'",
             help="The final answer must have this header; VALUE may be ~REGEX. Repeatable."),
    _verdict("--expect-text", metavar="TEXT", multiple=True, help="The body must hold TEXT. Repeatable."),
    _verdict("--expect-regex", metavar="REGEX", multiple=True, help="REGEX must be found in the body. Repeatable."),
    _verdict("--expect-json", metavar="EXPR", multiple=True,
             help="The body must be JSON of which EXPR, in JMESPath, is true. Repeatable."),
    _verdict("--max-body", type=Size(), metavar="SIZE", shows=lambda size: format_size(size).replace(" ", ""),
             help="As much of a body is read for the --expect- options on bodies, decompressed."),
    _verdict("--max-time", type=Duration(), metavar="DURATION", help="What takes longer is slow."),
    _verdict("--min-cert-days", type=Count(*RANGES["min_cert_days"]), metavar="N",
             help="A certificate must be valid for so many days more."),
    _verdict("--allow", type=Verdicts(), metavar="VERDICT,...",
             help="These verdicts are reported but do not fail the run."),
)  # fmt: skip

config_options = combine(
    click.option("--config", metavar="FILE", envvar="URLCHECK_CONFIG",
                 help="Settings and targets, instead of the urlcheck.toml or pyproject.toml that is found."),
    click.option("--no-config", is_flag=True, help="Use no such file."),
    click.option("--print-config", is_flag=True, help="Say what applies and where it comes from, and check nothing."),
)  # fmt: skip

output_options = combine(
    _output("-o", "--output", "outputs", type=Output(), multiple=True, metavar="FORMAT[=FILE]",
            shows=lambda outputs: outputs[0][0],
            help=f"{_list_formats()}, to standard output or to FILE. Repeatable."),
    _output("--show", type=click.Choice(["all", "problems"]), metavar="all|problems",
            help="Which results a report for people lists. Without it: all up to 500, then the problems alone."),
    _output("--show-body", is_flag=True, help="How the body begins, below each URL in the table that did not pass."),
    _output("--color", type=click.Choice(["auto", "always", "never"]), metavar="WHEN", shows=str,
            help="auto (on a terminal, unless NO_COLOR is set), always or never."),
    _output("--no-progress", "progress", flag_value=False, type=bool, help="No progress bar."),
    _output("-q", "--quiet", is_flag=True, help="Results and errors alone: no progress bar, no summary, no warnings."),
    _output("-v", "--verbose", is_flag=True, help="Whole URLs, the redirect chain and the evidence in the table."),
)  # fmt: skip

command_options = combine(
    input_options, run_options, request_options, connection_options, verdict_options, output_options, config_options
)
