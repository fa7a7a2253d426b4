from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOT_FOUND, make_result, make_target
from urlcheck.backends.codec import Frames, frame, pack_result, pack_target, unpack_result, unpack_target
from urlcheck.model.nouns import Failure, FailureKind, Hop, Outcome, Response

REFUSED = Failure(
    url="http://example.org/",
    hops=(Hop(302, "http://example.org/old"),),
    elapsed=0.25,
    address=None,
    cert_expires=None,
    kind=FailureKind.CONNECT,
    message="connection refused \udce9",
    transient=True,
)


async def read(data: bytes) -> list[object]:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    frames, messages = Frames(stream), []
    while (message := await frames.read()) is not None:
        messages.append(message)
    return messages


@pytest.mark.parametrize(
    "outcome",
    [
        NOT_FOUND,
        replace(NOT_FOUND, cert_expires=datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC), address="192.0.2.7"),
        REFUSED,
        replace(REFUSED, status=302),
    ],
)
def test_a_result_comes_out_as_it_went_in_but_for_the_headers(outcome: Outcome) -> None:
    result = make_result(outcome)
    expected = replace(outcome, headers={}) if isinstance(outcome, Response) else outcome
    assert unpack_result(pack_result(result), result.target) == replace(result, outcome=expected)


def test_of_a_body_the_excerpt_crosses_alone() -> None:
    result = make_result(replace(NOT_FOUND, body=b"gone"), keep_body=True)
    unpacked = unpack_result(pack_result(replace(result, outcome=replace(NOT_FOUND, body=b"gone"))), result.target)
    assert (unpacked.excerpt, unpacked.outcome) == ("gone", replace(NOT_FOUND, headers={}))


def test_a_result_without_an_outcome_comes_out_as_it_went_in() -> None:
    result = make_result(target=make_target("ftp://example.org/"))
    assert unpack_result(pack_result(result), result.target) == result


def test_a_worker_is_told_what_it_is_to_request_and_nothing_else() -> None:
    target = make_target("http://user:pass@example.org:8080/a?#b")
    assert unpack_target(pack_target(target)) == replace(target, url="", source="", line=None)


@given(st.lists(st.lists(st.tuples(st.integers(), st.text())), max_size=5))
def test_messages_come_out_one_by_one(messages: list[object]) -> None:
    assert asyncio.run(read(b"".join(frame(message) for message in messages))) == messages


@pytest.mark.parametrize("cut", [1, 3, 4, 10])
async def test_a_stream_that_breaks_off_in_a_message_has_ended(cut: int) -> None:
    assert await read(frame([1]) + frame(["a message that is broken off"])[:cut]) == [[1]]
