"""The meaning of each verdict that may be a problem, and advice about it, for reports that explain themselves."""

from __future__ import annotations

from dataclasses import dataclass

from urlcheck.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Rule:
    """`meaning` is a phrase, `advice` a sentence or two."""

    meaning: str
    advice: str


RULES = {
    Verdict.STATUS: Rule(
        "The final status is not accepted",
        "Fix the link; or name the status with --accept, if it is right for this URL.",
    ),
    Verdict.RATE_LIMITED: Rule(
        "The server asks for fewer requests",
        "Send fewer requests: --rate 2, --per-host 1.",
    ),
    Verdict.BLOCKED: Rule(
        "A bot wall answered, not the page",
        "Open the page in a browser, because urlcheck cannot see it; --allow blocked lets it pass.",
    ),
    Verdict.REDIRECT: Rule(
        "The redirects do not lead to an answer",
        "Fix the server's redirects: a loop, too many, or a Location that is missing, malformed or not http(s).",
    ),
    Verdict.CONTENT: Rule(
        "The answer does not meet an expectation",
        "Compare the answer with the --expect- options; --show-body shows how its body begins.",
    ),
    Verdict.SLOW: Rule(
        "The answer took too long",
        "Speed up the server, or raise --max-time; it counts from the DNS lookup to the answer, redirects included.",
    ),
    Verdict.CERT: Rule(
        "The certificate expires soon",
        "Renew the certificate; --min-cert-days sets how many days must be left.",
    ),
    Verdict.TLS: Rule(
        "No trusted connection",
        "Renew or replace the certificate; --ca-file names an authority of your own.",
    ),
    Verdict.DNS: Rule(
        "The host name could not be resolved",
        "Fix the host name; if the failure is temporary, check your own network.",
    ),
    Verdict.CONNECT: Rule(
        "The connection failed",
        "Check that the server is up and the port is right: the connection was refused or reset, or the host is down.",
    ),
    Verdict.TIMEOUT: Rule(
        "No answer in time",
        "Read in the detail how far the attempt came; a slow server needs a longer --timeout, such as 30s.",
    ),
    Verdict.PROTOCOL: Rule(
        "The answer is not valid HTTP",
        "Read the server's log: it began to answer, then broke off or sent something else.",
    ),
    Verdict.PRIVATE: Rule(
        "The address is not public",
        "Check the host name and the redirects: they lead into a private network.",
    ),
    Verdict.INVALID: Rule(
        "Not a URL that can be checked",
        "Fix the line of the list.",
    ),
    Verdict.UNCHECKED: Rule(
        "The run ended before an attempt was finished",
        "Give the run more time.",
    ),
}
