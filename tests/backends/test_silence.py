from __future__ import annotations

import asyncio

import pytest

from tests.support.clock import in_no_time, now
from urlcheck.backends.silence import Silence


@in_no_time
async def test_a_silence_that_is_too_long_ends_a_process() -> None:
    ended: list[float] = []
    silence = Silence(60, lambda: ended.append(now()))
    silence.begin()
    for seconds in (25, 50, 1000):
        with silence.listening():
            await asyncio.sleep(seconds)
    assert ended == [pytest.approx(25 + 50 + 60, abs=0.3)]


@in_no_time
async def test_a_process_has_half_a_minute_to_start() -> None:
    ended: list[float] = []
    silence = Silence(1, lambda: ended.append(now()))
    silence.begin()
    with silence.listening():
        await asyncio.sleep(1000)
    assert ended == [pytest.approx(30, abs=0.3)]


@in_no_time
async def test_the_time_in_which_nobody_listens_to_a_process_is_no_silence() -> None:
    ended: list[float] = []
    silence = Silence(60, lambda: ended.append(now()))
    silence.begin()
    for _ in range(3):
        with silence.listening():
            await asyncio.sleep(50)
        await asyncio.sleep(1000)
    silence.end()
    assert ended == []
