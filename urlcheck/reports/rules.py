"""What each verdict that may be a problem means, and what to do about it, for reports that explain themselves."""

from __future__ import annotations

from dataclasses import dataclass

from urlcheck.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Rule:
    """`meaning` is a phrase, `advice` a sentence or two."""

    meaning: str
    advice: str


RULES = {
    Verdict.STATUS: Rule(
        "The final status is not accepted",
        "Mend the link; or name the status with --accept, if it is right for this URL.",
    ),
    Verdict.RATE_LIMITED: Rule(
        "The server asks for fewer requests",
        "Ask more slowly: --rate 2, --per-host 1.",
    ),
    Verdict.BLOCKED: Rule(
        "A bot wall answered, not the page",
        "Nothing is known of the page: look at it in a browser; --allow blocked lets it pass.",
    ),
    Verdict.REDIRECT: Rule(
        "The redirects lead nowhere",
        "Mend the redirects of the server: a loop, too many, or a Location that is missing, malformed or not http(s).",
    ),
    Verdict.CONTENT: Rule(
        "The answer is not the one that was expected",
        "An answer came, but not as the --expect- options say; --show-body shows how its body begins.",
    ),
    Verdict.SLOW: Rule(
        "The answer took too long",
        "It came, but later than --max-time allows: from name look-up to the answer, redirects included.",
    ),
    Verdict.CERT: Rule(
        "The certificate expires soon",
        "Renew the certificate; --min-cert-days says how many days must be left.",
    ),
    Verdict.TLS: Rule(
        "No trusted connection",
        "Renew or replace the certificate; --ca-file names an authority of your own.",
    ),
    Verdict.DNS: Rule(
        "The name could not be looked up",
        "Mend the name; a temporary failure may be your own network's.",
    ),
    Verdict.CONNECT: Rule(
        "The connection failed",
        "It was refused or reset, or the host is unreachable: is the server up, and is this its port?",
    ),
    Verdict.TIMEOUT: Rule(
        "No answer in time",
        "The message says how far it came; --timeout 30s for a slow server.",
    ),
    Verdict.PROTOCOL: Rule(
        "What came was not an HTTP answer",
        "Look at the server's log: it began to answer, and broke off or said something else.",
    ),
    Verdict.PRIVATE: Rule(
        "The address is not public",
        "The name, or a redirect, leads into a private network.",
    ),
    Verdict.INVALID: Rule(
        "Not a URL that can be checked",
        "Mend the line of the list.",
    ),
    Verdict.UNCHECKED: Rule(
        "The run ended before an attempt was finished",
        "Give the run more time.",
    ),
}
