from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.support.builders import FAILURE, NOT_FOUND, make_result, make_target
from tests.support.program import Urlcheck
from tests.support.servers import Serve, reply
from urlcheck.model.errors import OutputError
from urlcheck.model.outcome import Hop
from urlcheck.model.record import make_record
from urlcheck.reports.listing import Listing
from urlcheck.settings.secrets import find_secrets, keeping_secrets
from urlcheck.settings.settings import Settings
from urlcheck.text.url_secrets import find_secrets_of_url

SECRET = "hunter2/hunter+3"
FORMS = [SECRET, quote(SECRET, safe=""), quote(SECRET, safe="").lower(), b64encode(SECRET.encode()).decode()]


def basic(name: str, password: str) -> str:
    return b64encode(f"{name}:{password}".encode()).decode()


def hide(text: str, **told: object) -> str:
    return find_secrets([told]).hide(text)


# --- which texts are secrets ---


@pytest.mark.parametrize(
    ("header", "text", "hidden"),
    [
        (("Authorization", "Bearer hunter2"), "Bearer hunter2, hunter2", "Bearer ****, ****"),
        (("X-Api-Key", "hunter2"), "hunter2", "****"),
        (("X-Api-Key", "Bearer abc"), "abc, Bearer abc", "abc, ****"),
        (("Authorization", f"Basic {basic('me', 'hunter2')}"), f"me hunter2 {basic('me', 'hunter2')}", "me **** ****"),
        (("Authorization", "Basic no-base64!"), "no-base64!", "****"),
        (("Cookie", "lang=english; sid=hunter2"), "english hunter2", "english ****"),
        (("Cookie", "a=0123456789abcdef; b=x%2Fyhunter2%2Flong"), "0123456789abcdef x/yhunter2/long", "**** ****"),
        (("Authorization", 'Digest username="me", response="0123456789abcdef"'), "0123456789abcdef", "****"),
        (("Accept", "application/json"), "application/json", "application/json"),
        (("Author", "Ada Lovelace"), "Ada Lovelace", "Ada Lovelace"),
    ],
)
def test_a_header_whose_name_says_so_is_secret(header: tuple[str, str], text: str, hidden: str) -> None:
    assert hide(text, headers=(header,)) == hidden


@pytest.mark.parametrize(
    ("user", "text", "hidden"),
    [
        (("somebody", "hunter2"), "somebody hunter2", "somebody ****"),
        (("somebody", "hunter2"), f"Basic {basic('somebody', 'hunter2')}", "Basic ****"),
        (("me", "pw"), f"me pw {basic('me', 'pw')}", "me pw ****"),
        (("hunter2", ""), f"hunter2 {basic('hunter2', '')}", "**** ****"),
    ],
)
def test_a_password_and_its_basic_form_are_secret(user: tuple[str, str], text: str, hidden: str) -> None:
    assert hide(text, user=user) == hidden


def test_the_password_of_a_proxy_is_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    assert hide("hunter2", proxy="http://me:hunter2@127.0.0.1:9") == "****"
    assert hide("hunter2", proxy="me:hunter2@127.0.0.1:9") == "****"
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunt%65r3@127.0.0.1:9")
    assert hide("hunter3 hunt%65r3") == "**** ****"


def test_the_passwords_of_the_netrc_are_secret_where_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert hide("hunter2", netrc=True) == "hunter2"
    (tmp_path / "netrc").write_text("machine a login me password hunter2\n")
    (tmp_path / "netrc").chmod(0o600)
    assert (hide("hunter2", netrc=True), hide("hunter2", netrc=False)) == ("****", "hunter2")


@pytest.mark.parametrize(
    ("data", "text", "hidden"),
    [
        (b"name=somebody&password=hunter%202", "somebody hunter 2", "somebody ****"),
        (b'{"user": {"name": "somebody", "password": ["hunter2"]}}', "somebody hunter2", "somebody ****"),
        (b'{"broken', "broken", "broken"),
        (b"\xff=\xff", "text", "text"),
    ],
)
def test_the_values_of_secret_names_in_a_body_are_secret(data: bytes, text: str, hidden: str) -> None:
    assert hide(text, data=data) == hidden


def test_an_expected_value_of_a_secret_header_is_secret() -> None:
    expected = (("X-Token", "hunter2"), ("X-Token", "~regular"))
    assert hide("hunter2 ~regular", expect_headers=expected) == "**** ~regular"


def test_what_is_sent_in_a_url_is_secret() -> None:
    secrets = find_secrets_of_url("me:hunt%65r2", "/?token=hunter%2F3&page=somepage")
    assert secrets.hide("hunter2 hunt%65r2 hunter/3 hunter%2f3 somepage") == "**** **** **** **** somepage"
    assert find_secrets_of_url("hunter2", "/").hide("hunter2") == "****"


# --- records ---


@pytest.mark.parametrize("form", FORMS)
def test_no_field_of_a_record_holds_a_secret(form: str) -> None:
    outcome = replace(
        NOT_FOUND, reason=f"no {form}", url=f"https://example.org/?q={form}", hops=(Hop(302, f"https://example.org/{form}"),)
    )
    with keeping_secrets([Settings(), Settings(headers=(("X-Token", SECRET),))]):
        record = make_record(make_result(outcome))
    assert record["detail"] == "404 no ****"
    assert record["final_url"] == "https://example.org/?q=****"
    assert record["redirects"] == [{"status": 302, "url": "https://example.org/****"}]


def test_the_message_of_a_failure_holds_no_secret() -> None:
    with keeping_secrets([Settings(user=("me", SECRET))]):
        assert make_record(make_result(replace(FAILURE, message=f"proxy: {SECRET}")))["detail"] == "proxy: ****"


@pytest.mark.parametrize("url", ["https://me:hunter2@example.org/", "https://example.org/?token=hunter2"])
def test_a_secret_in_a_url_is_hidden_in_its_own_record(url: str) -> None:
    outcome = replace(NOT_FOUND, reason="hunter2", url="https://example.org/hunter2")
    record = make_record(make_result(outcome, make_target(url)))
    assert (record["detail"], record["final_url"]) == ("404 ****", "https://example.org/****")
    assert "hunter2" in make_record(make_result(outcome))["detail"]


def test_a_secret_in_a_url_is_hidden_in_the_body_that_came_from_there() -> None:
    listing = Listing(None)
    listing.add(replace(make_result(NOT_FOUND, make_target("https://me:hunter2@example.org/")), excerpt="you are hunter2"))
    assert listing.rows()[0].excerpt == "you are ****"


def test_an_error_holds_no_secret() -> None:
    with pytest.raises(OutputError, match=r"^the format failed: \*\*\*\*$"), keeping_secrets([Settings(user=("me", SECRET))]):
        raise OutputError(f"the format failed: {SECRET}")


# --- the program ---


async def start_echo(serve: Serve) -> str:
    """The URL of a server that puts the secrets of a request into every place of its answer, or of a redirect."""

    async def answer(target: str, writer: asyncio.StreamWriter) -> None:
        fields = (line.partition(": ") for line in server.heads[-1].splitlines())
        said = " ".join(value for name, _, value in fields if name.lower() in {"authorization", "x-token"})
        if target == "/redirect":
            writer.write(reply("302 Found", f"Location: /{quote(said, safe='')}?{quote_plus(said)}"))
        else:
            body = "\n".join([said, quote(said, safe=""), quote(said).lower(), b64encode(said.encode()).decode()])
            writer.write(reply(f"404 {said}", f"X-Echo: {said}", body=body.encode()))

    server = await serve(answer)
    return server.url


@pytest.mark.parametrize(
    ("output", "processes"),
    [
        *((output, "1") for output in ("table", "jsonl", "csv", "github", "junit", "sarif", "markdown", "html")),
        *((output, "2") for output in ("table", "jsonl")),  # the first process writes all reports
    ],
)
async def test_no_report_holds_a_secret_that_a_server_sends_back(
    urlcheck: Urlcheck, serve: Serve, tmp_path: Path, output: str, processes: str
) -> None:
    url = await start_echo(serve)
    (tmp_path / "urls.txt").write_text(f"{url}/a\n{url}/redirect\n{url.replace('://', '://me:own0secret@')}/b\n")
    arguments = ("-f", "urls.txt", "-r", "0", "-v", "--show-body", "-j", processes, "-o", output)
    secrets = ("-H", f"X-Token: {SECRET}", "--user", "me:other/secret")
    for expectation in ((), ("--accept", "404", "--expect-header", "X-Echo: y"), ("--accept", "404", "--expect-text", "y y")):
        finished = await urlcheck(*arguments, *secrets, *expectation)
        written = finished.stdout + finished.stderr
        assert finished.status == 1
        assert "****" in written
        for secret in (SECRET, "other/secret", "own0secret"):
            for form in (secret, quote(secret, safe=""), quote(secret, safe="").lower(), basic("me", secret), secret[:8]):
                assert form not in written


async def test_a_header_that_the_environment_gives_is_secret(urlcheck: Urlcheck, serve: Serve) -> None:
    finished = await urlcheck(await start_echo(serve), "-o", "jsonl", env={"URLCHECK_HEADER": f"X-Token: {SECRET}"})
    assert finished.records[0]["detail"] == "404 ****"


async def test_the_secrets_of_a_target_of_its_own_are_hidden(urlcheck: Urlcheck, serve: Serve, tmp_path: Path) -> None:
    url = await start_echo(serve)
    (tmp_path / "urlcheck.toml").write_text(f"[[target]]\nurl = '{url}'\nheader = 'X-Token: {SECRET}'\n")
    finished = await urlcheck("-o", "jsonl")
    assert finished.records[0]["detail"] == "404 ****"
