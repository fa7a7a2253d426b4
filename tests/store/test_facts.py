"""Results as rows of a state file, and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.store.conftest import Query
from tests.support.builders import CHECKED_AT, DEFAULTS, FAILURE, NOT_FOUND, RESPONSE, make_result, make_target
from tests.support.servers import Serve, reply
from urlcheck import Settings, check
from urlcheck.model.outcome import FailureKind, Hop, Outcome
from urlcheck.store.facts import pack, restore
from urlcheck.store.identity import Requests

CHECKS = [DEFAULTS.check]
ASKED = Requests(b"key", CHECKS).find(0)


@pytest.mark.parametrize(
    "outcome",
    [
        RESPONSE,
        replace(NOT_FOUND, hops=(Hop(301, "https://example.org/old"),)),
        FAILURE,
        replace(FAILURE, kind=FailureKind.TIMEOUT, address="192.0.2.7"),
        replace(FAILURE, kind=FailureKind.PROTOCOL, status=200),  # its body could not be read
    ],
)
def test_a_result_comes_back_as_it_was_reported(outcome: Outcome) -> None:
    result = replace(make_result(outcome), checked_at=CHECKED_AT.replace(microsecond=123_000))  # times are in milliseconds
    restored = restore(pack(result, ASKED), CHECKS)
    assert (type(restored.outcome), restored.to_dict()) == (type(outcome), result.to_dict())


def test_an_entry_that_is_no_url_comes_back_as_it_was_reported() -> None:
    result = replace(make_result(target=make_target("ftp://no", "urls.txt", 3)), checked_at=CHECKED_AT.replace(microsecond=0))
    assert restore(pack(result, ASKED), CHECKS).to_dict() == result.to_dict()


@pytest.mark.parametrize(
    ("expected", "detail"),
    [
        ({"expect_text": ("nowhere",)}, "text: 'nowhere' is not in the body"),
        ({"expect_regex": ("^nowhere",)}, "regex: '^nowhere' is not found in the body"),
        ({"expect_json": ("state == 'up'",)}, "json: state == 'up' is false"),
        ({"expect_json": ("other",)}, "json: other is null"),
        ({"expect_headers": (("X-Kind", "other"),)}, "header X-Kind is not 'other'"),
    ],
)
async def test_what_an_answer_held_is_not_stored(
    expected: dict[str, Any], detail: str, serve: Serve, state: Path, query: Query
) -> None:
    server = await serve(reply("200 OK", "X-Kind: SECRET", body=b'{"state": "SECRET"}'))
    for _ in range(2):
        await check([server.url], Settings(state=state, retries=0, **expected))
    assert query("SELECT DISTINCT detail FROM event") == [(detail,)]
    assert b"SECRET" not in state.read_bytes()
