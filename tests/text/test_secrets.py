from __future__ import annotations

import html
import json
import math
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from urlcheck.text.secrets import Secrets, hide, hiding

LONG = "abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"{LONG}, {LONG}", "<>, <>"),
        (f"Bearer {LONG}!", "Bearer <>!"),
        (f"'{LONG[:20]}'", "'<>'"),
        (f'"x {LONG[:8]}…', '"x <>…'),
        (f"it ends {LONG[:9]}", "it ends <>"),
        (f"{LONG[:9]} is a word, and so is '{LONG[:7]}'", f"{LONG[:9]} is a word, and so is '{LONG[:7]}'"),
        (f"{LONG[:9]}{LONG[:9]}'", f"{LONG[:9]}<>'"),
        ("'hunter2'", "'[]'"),
        ("hunter", "hunter"),
    ],
)
def test_secrets_are_hidden_whole_and_cut(text: str, hidden: str) -> None:
    assert Secrets({LONG: "<>", "hunter2": "[]"}).hide(text) == hidden


@given(st.text(st.characters(exclude_characters="<>"), min_size=1), st.text())
def test_a_secret_is_hidden_as_it_stands_in_quotes(secret: str, after: str) -> None:
    assert Secrets({secret: "<>"}).hide(repr(secret)[1:-1] + "\n").startswith("<>")
    with hiding(Secrets({secret: ""})):
        assert hide(secret) == ""
    assert hide(secret + after) == secret + after


def test_of_two_secrets_the_longer_is_hidden_first() -> None:
    assert Secrets({"secret": "<>", "secret sauce": "[]"}).hide("secret sauce, secret") == "[], <>"


TOKEN = "s3cr/t+Tok en=ä9"


@pytest.mark.parametrize(
    "form",
    [
        TOKEN,
        TOKEN.upper(),
        TOKEN.lower(),
        quote(TOKEN, safe=""),
        quote(TOKEN),
        quote_plus(TOKEN),
        quote(TOKEN, safe="").lower(),
        quote(quote(TOKEN, safe=""), safe=""),
        "".join(f"%{byte:02X}" for byte in TOKEN.encode()),
        json.dumps(TOKEN)[1:-1],
        html.escape(TOKEN),
        b64encode(TOKEN.encode()).decode(),
        b64encode(TOKEN.encode()).decode().rstrip("="),
        urlsafe_b64encode(TOKEN.encode()).decode(),
        quote(b64encode(TOKEN.encode()), safe=""),
    ],
)
def test_a_secret_is_hidden_in_every_form(form: str) -> None:
    assert Secrets({TOKEN: "<>"}).hide(f"before {form} after") == "before <> after"


@pytest.mark.parametrize("text", ['it\'s "quoted" & <marked>', "back\\slash%41", "%%%%%%%%", "ßtraße-İ", "\udce9rest-of-it"])
def test_punctuation_and_other_letters_are_hidden_in_every_form(text: str) -> None:
    secrets = Secrets({text: "<>"})
    encoded = text.encode("utf-8", "surrogateescape")
    for form in (
        text,
        repr(text)[1:-1],
        json.dumps(text)[1:-1],
        html.escape(text),
        quote(encoded),
        b64encode(encoded).decode(),
    ):
        assert secrets.hide(f"a {form} b") == "a <> b"


@given(st.text("\0\x1f", max_size=8), st.permutations("abcXYZ019-._~+/ ").map("".join), st.text("\0\x1f", max_size=8))
def test_a_secret_is_hidden_in_the_base64_of_a_longer_text(before: str, secret: str, after: str) -> None:
    encoded = b64encode(f"{before}{secret}{after}".encode()).decode()
    first, shown, last = Secrets({secret: "<>"}).hide(encoded).partition("<>")
    assert shown
    assert len(first) <= math.ceil(8 * len(before) / 6)
    assert len(last.rstrip("=")) <= math.ceil(8 * len(after) / 6)


@pytest.mark.parametrize("form", [quote(TOKEN, safe=""), b64encode(TOKEN.encode()).decode()])
def test_an_encoded_secret_that_is_cut_is_hidden(form: str) -> None:
    assert Secrets({TOKEN: "<>"}).hide(f'it begins "{form[:12]}…"') == 'it begins "<>…"'


def test_a_secret_of_the_length_of_a_body_is_hidden_as_it_stands() -> None:
    secret = "0123456789 \\" * 10_000
    secrets = Secrets({secret: "<>", "hunter2": "[]"})
    assert secrets.hide(f"a {secret} b hunter2") == "a <> b []"
    assert secrets.hide(repr(secret)) == "'<>'"


def test_texts_without_a_secret_compile_no_pattern() -> None:
    secrets = Secrets({"hunter2": "<>"})
    assert secrets.hide("404 Not Found") == "404 Not Found"
    assert "_search" not in vars(secrets)
