"""The options of the command, group by group."""

from __future__ import annotations

import click

from urlcheck.options.bodies import read_form, read_json
from urlcheck.options.groups import combine, group_options, show_short_help
from urlcheck.options.pager import show_manual
from urlcheck.options.parameter_types import (
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
    Topic,
    Verdicts,
)
from urlcheck.reports.registry import FORMATS
from urlcheck.settings.limits import RANGES
from urlcheck.settings.settings import VERSION, OutputSettings, Settings
from urlcheck.text.durations import format_duration
from urlcheck.text.sizes import format_size


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
    _input("-f", "--file", "files", type=click.Path(), metavar="FILE", multiple=True, common=True,
           help="Read URLs from FILE, one per line. - is standard input. Repeatable."),
    _input("--base-url", metavar="URL", common=True,
           help="Resolve relative entries against URL. They start with /, //, ./, ../ or ?."),
    _input("--include", metavar="REGEX", multiple=True,
           help="Check only URLs that match REGEX. The others are reported as skipped. Repeatable."),
    _input("--exclude", metavar="REGEX", multiple=True, common=True, help="Skip URLs that match REGEX. Repeatable."),
    _input("--no-dedupe", "dedupe", flag_value=False, type=bool,
           help="Check and report a URL as often as it is listed. Keeps memory flat for endless input."),
    _input("--allow-empty", is_flag=True, help="Exit with status 0 if the input holds no URL."),
)  # fmt: skip

run_options = combine(
    _run("-c", "--concurrency", type=Count(*RANGES["concurrency"]), metavar="N", shows=str, common=True,
         help="Requests in flight, in total."),
    _run("--per-host", type=Count(*RANGES["per_host"]), metavar="N", shows=str, common=True,
         help="Requests in flight to one host."),
    _run("--rate", type=Rate(), metavar="N", common=True,
         help="Limit of requests per second to one host."),
    _run("-j", "--processes", type=Processes(), metavar="N|auto", shows=str,
         help="Number of processes. auto starts more, up to one per core, when a long list keeps one busy."),
    _run("--deadline", type=Duration(), metavar="DURATION",
         help="Stop the run after DURATION. URLs without a finished attempt are unchecked."),
    _run("--wait", type=Duration(), metavar="DURATION", common=True,
         help="Repeat checks until all pass or time is up. For services that are starting."),
)  # fmt: skip

request_options = combine(
    _request("-t", "--timeout", type=Duration(), metavar="DURATION", common=True,
             shows=lambda seconds: format_duration(seconds).replace(" ", ""),
             help="Time limit of one attempt. It includes redirects."),
    _request("-r", "--retries", type=Count(*RANGES["retries"]), metavar="N", shows=str, common=True,
             help="Retries of a temporary failure. They follow after about 1, 2, 4 ... seconds."),
    _request("-X", "--method", type=Method(), metavar="METHOD", shows=str, common=True,
             help="Request method. A HEAD that does not pass is confirmed by a GET."),
    _request("--data", type=Body(read_form), multiple=True, metavar="DATA",
             help="Send DATA as a form, by POST unless --method is given. @FILE reads it from a file. "
                  "Goes to each URL's own origin only. Repeatable."),
    _request("--json", type=Body(read_json), metavar="JSON",
             help="Send JSON, by POST unless --method is given. @FILE reads it from a file. "
                  "Goes to each URL's own origin only."),
    _request("-H", "--header", "headers", type=Header(), multiple=True, metavar="'NAME: VALUE'", common=True,
             help="Send this header to each URL's own origin. Other origins do not get it. Repeatable."),
    _request("--user-agent", type=HeaderText(), metavar="TEXT", shows=str, help="Value of the User-Agent header."),
    _request("-u", "--user", type=Credentials(), metavar="NAME:PASSWORD", common=True,
             help="Basic credentials for each URL's own origin."),
    _request("--netrc", is_flag=True, help="Read credentials from ~/.netrc, or from the file named by NETRC."),
    _request("--max-redirects", type=Count(*RANGES["max_redirects"]), metavar="N", shows=str,
             help="Redirects to follow. With 0, the redirect itself is the answer."),
)  # fmt: skip

connection_options = combine(
    _connection("--proxy", metavar="URL",
                help="Proxy for all requests. Replaces HTTP_PROXY, HTTPS_PROXY and ALL_PROXY; NO_PROXY is obeyed."),
    _connection("-k", "--insecure", is_flag=True, common=True,
                help="Do not verify TLS certificates. The output says so."),
    _connection("--ca-file", type=click.Path(), metavar="FILE", help="Trust the PEM certificates in FILE, and no others."),
    _connection("--cert", type=click.Path(), metavar="FILE",
                help="Client certificate in PEM form, for each URL's own origin only."),
    _connection("--key", type=click.Path(), metavar="FILE",
                help="Private key of the client certificate, if it is in another file."),
    _connection("--resolve", type=Pin(), multiple=True, metavar="SPEC",
                help="HOST:PORT:ADDRESS: connect to ADDRESS for this HOST and PORT. HOST * is any name. Repeatable."),
    _connection("--unix-socket", type=click.Path(), metavar="PATH", help="Send all requests through this Unix socket."),
    _connection("--block-private", is_flag=True, help="Refuse addresses that are not public."),
    _connection("-4", "ip_version", flag_value=4, type=int, help="Use IPv4 only."),
    _connection("-6", "ip_version", flag_value=6, type=int, help="Use IPv6 only."),
)  # fmt: skip

verdict_options = combine(
    _verdict("--accept", type=StatusCodes(), metavar="CODES", shows=_format_codes, common=True,
             help="Final status codes that pass. Examples: 200-299,304 or 2xx,404."),
    _verdict("--expect-header", "expect_headers", type=Header(is_sent=False), multiple=True, metavar="'NAME: VALUE'",
             help="Require this header in the final answer. VALUE may be ~REGEX. Repeatable."),
    _verdict("--expect-text", metavar="TEXT", multiple=True, common=True, help="Require TEXT in the body. Repeatable."),
    _verdict("--expect-regex", metavar="REGEX", multiple=True,
             help="Require a match of REGEX in the body. Repeatable."),
    _verdict("--expect-json", metavar="EXPR", multiple=True, common=True,
             help="Require JSON for which EXPR is true. EXPR is JMESPath. Repeatable."),
    _verdict("--max-body", type=Size(), metavar="SIZE", shows=lambda size: format_size(size).replace(" ", ""),
             help="Read at most SIZE of a body, decompressed, for the --expect- options."),
    _verdict("--max-time", type=Duration(), metavar="DURATION", help="Report an answer that took longer as slow."),
    _verdict("--min-cert-days", type=Count(*RANGES["min_cert_days"]), metavar="N",
             help="Report a certificate with fewer days left as cert."),
    _verdict("--allow", type=Verdicts(), metavar="VERDICT,...", common=True,
             help="Verdicts that do not fail the run. They are still reported."),
)  # fmt: skip

output_options = combine(
    _output("-o", "--output", "outputs", type=Output(), multiple=True, metavar="FORMAT[=FILE]", common=True,
            shows=lambda outputs: outputs[0][0],
            help=f"Report format, and its file. Formats: {_list_formats()}. "
                 "Without FILE to standard output. Repeatable."),
    _output("--show", type=click.Choice(["all", "problems"]), metavar="all|problems", common=True,
            help="List all results, or the problems only. Default: all up to 500, then the problems only."),
    _output("--show-body", is_flag=True, help="Show in the table how the body of a URL that did not pass begins."),
    _output("--color", type=click.Choice(["auto", "always", "never"]), metavar="WHEN", shows=str,
            help="auto (on a terminal, unless NO_COLOR is set), always or never."),
    _output("--no-progress", "progress", flag_value=False, type=bool, help="Show no progress bar."),
    _output("-q", "--quiet", is_flag=True, common=True,
            help="Print results and errors only. No progress bar, no summary, no warnings."),
    _output("-v", "--verbose", is_flag=True, common=True,
            help="Show whole URLs, redirects and evidence. Applies to the table."),
)  # fmt: skip

config_options = combine(
    click.option("--config", metavar="FILE", envvar="URLCHECK_CONFIG",
                 help="Read settings and targets from FILE. Default: the nearest urlcheck.toml or pyproject.toml."),
    click.option("--no-config", is_flag=True, help="Read no such file."),
    click.option("--print-config", is_flag=True, help="Print each setting and its origin, and check nothing."),
)  # fmt: skip

help_options = combine(
    click.option("--manual", type=Topic(), metavar="[TOPIC]", is_flag=False, flag_value="", is_eager=True,
                 expose_value=False, callback=show_manual, help="Show a topic of the manual, or the list of topics."),
    click.version_option(VERSION, "-V", "--version", prog_name="urlcheck", message="%(prog)s %(version)s",
                         help="Show the version."),
    click.option("-h", is_flag=True, is_eager=True, expose_value=False, callback=show_short_help,
                 help="Show the options that most people use."),
    click.help_option("--help", help="Show all options."),
)  # fmt: skip

command_options = combine(
    input_options, run_options, request_options, connection_options, verdict_options, output_options, config_options,
    help_options,
)  # fmt: skip
