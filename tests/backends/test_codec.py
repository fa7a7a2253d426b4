from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import NOT_FOUND, make_result, make_target
from urlcheck.backends import codec, messages
from urlcheck.backends.frames import frame, read_frame, split
from urlcheck.http.headers import Headers
from urlcheck.model.outcome import Failure, FailureKind, Hop, Outcome
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.settings.files import Contents, FileReader
from urlcheck.settings.scopes import CheckSettings

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


async def read(data: bytes) -> list[bytes]:
    stream = asyncio.StreamReader()
    stream.feed_data(data)
    stream.feed_eof()
    messages = []
    while (message := await read_frame(stream)) is not None:
        messages.append(message)
    return messages


def send_back(result: Result) -> Result:
    """The result after its way from a backend."""
    message = messages.decode_from_backend(messages.encode(codec.pack_results([result], messages.Load(10, 3))))
    assert isinstance(message, messages.Results)
    return codec.unpack_result(message.results[0], result.target)


def submit(target: Target) -> Target:
    """The target after its way to a backend."""
    message = messages.decode_to_backend(messages.encode(messages.Submit([codec.pack_target(target)])))
    assert isinstance(message, messages.Submit)
    return codec.unpack_target(message.targets[0])


@pytest.mark.parametrize(
    "outcome",
    [
        NOT_FOUND,
        replace(NOT_FOUND, cert_expires=datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC), address="192.0.2.7"),
        replace(NOT_FOUND, headers=Headers([("Set-Cookie", "a=1"), ("Set-Cookie", "b=\udce9"), ("X-Empty", "")])),
        replace(NOT_FOUND, url="http://example.org/\udce9", reason="\udce9"),
        REFUSED,
        replace(REFUSED, status=302),
    ],
)
def test_a_result_comes_out_as_it_went_in(outcome: Outcome) -> None:
    result = make_result(outcome)
    assert send_back(result) == result


def test_an_excerpt_is_sent_and_a_body_is_not() -> None:
    result = make_result(replace(NOT_FOUND, body=b"gone"), keep_body=True)
    received = send_back(replace(result, outcome=replace(NOT_FOUND, body=b"gone")))
    assert (received.excerpt, received.outcome) == ("gone", NOT_FOUND)


def test_a_result_without_an_outcome_comes_out_as_it_went_in() -> None:
    result = make_result(target=make_target("ftp://example.org/"))
    assert send_back(result) == result


def test_a_backend_is_told_the_url_the_number_and_the_settings_of_a_target() -> None:
    target = replace(make_target("http://user:pass@example.org:8080/a?#b", "urls.txt", 3, 7), name="api", check=2)
    assert submit(target) == Target("", index=7, request=target.request, check=2)


@given(st.text(st.characters(codec=None), max_size=20))
def test_any_text_comes_out_as_it_went_in(text: str) -> None:
    url, hops = f"http://host/{text}", (Hop(302, text),)
    for outcome in (replace(REFUSED, message=text, url=url, hops=hops), replace(NOT_FOUND, reason=text, url=url, hops=hops)):
        result = replace(make_result(outcome), detail=text, excerpt=text)
        assert send_back(result) == result


@given(st.builds(CheckSettings, expect_text=st.lists(st.text(st.characters(codec=None), min_size=1), max_size=3)))
def test_settings_come_out_as_they_went_in(settings: CheckSettings) -> None:
    message = messages.decode_to_backend(messages.encode(messages.Checks([codec.pack_settings(settings)])))
    assert isinstance(message, messages.Checks)
    assert codec.unpack_settings(CheckSettings, message.checks[0]) == settings


def test_every_kind_of_setting_comes_out_as_it_went_in() -> None:
    settings = CheckSettings(
        headers={"A": "b"},
        user=("name", "password"),
        data=b"\xff",
        resolve=[("host", 80, "127.0.0.1,[::1]")],
        accept=[200, 404],
        allow=["timeout"],
        ca_file="\udce9.pem",
        ip_version=4,
        max_time=0.5,
    )
    message = messages.decode_to_backend(messages.encode(messages.Checks([codec.pack_settings(settings)])))
    assert isinstance(message, messages.Checks)
    assert codec.unpack_settings(CheckSettings, message.checks[0]) == settings


def test_the_files_of_settings_are_sent_with_them(tmp_path: Path) -> None:
    file = tmp_path / "\udce9.pem"
    file.write_bytes(b"content")
    packed = codec.pack_checks([CheckSettings(ca_file=str(file))], FileReader())
    message = messages.decode_to_backend(messages.encode(packed))
    assert isinstance(message, messages.Checks)
    assert codec.unpack_contents(message) == Contents({str(file): b"content"})
    assert codec.unpack_settings(CheckSettings, message.checks[0]).ca_file == str(file)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x90",
        messages.encode(messages.Alive(1, hungry=False, load=messages.Load(10, 3))),
        b"\x93\xa5Hello\x01\x02",
    ],
)
def test_bytes_that_are_no_message_are_refused(data: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        messages.decode_to_backend(data)


@given(st.lists(st.binary(), max_size=5))
def test_messages_come_out_one_by_one(messages: list[bytes]) -> None:
    block = b"".join(map(frame, messages))
    assert asyncio.run(read(block)) == messages
    assert [*split(block)] == messages


@pytest.mark.parametrize("cut", [1, 3, 4, 10])
async def test_a_stream_that_breaks_off_in_a_message_has_ended(cut: int) -> None:
    assert await read(frame(b"1") + frame(b"a message that is broken off")[:cut]) == [b"1"]
