from __future__ import annotations

import asyncio

import pytest

from tests.support.clock import in_no_time, now
from urlcheck.client.deadlines import Deadlines


@in_no_time
async def test_a_block_that_takes_longer_is_ended_in_time() -> None:
    with pytest.raises(TimeoutError), Deadlines(10).limit():
        await asyncio.sleep(60)
    assert now() == pytest.approx(10)


@in_no_time
async def test_a_block_that_ends_in_time_is_not_disturbed() -> None:
    with Deadlines(10).limit():
        await asyncio.sleep(9)
    await asyncio.sleep(60)


@in_no_time
async def test_each_block_has_its_own_time() -> None:
    deadlines = Deadlines(10)
    ended: dict[int, float] = {}

    async def wait(start: int) -> None:
        await asyncio.sleep(start)
        with pytest.raises(TimeoutError), deadlines.limit():
            await asyncio.sleep(60)
        ended[start] = now()

    await asyncio.gather(*map(wait, [3, 0, 7, 30, 3]))
    assert ended == {start: pytest.approx(start + 10) for start in (0, 3, 7, 30)}


@in_no_time
async def test_a_block_that_ends_does_not_end_the_time_of_the_others() -> None:
    deadlines = Deadlines(10)

    async def end_soon() -> None:
        with deadlines.limit():
            await asyncio.sleep(1)

    async def take_long() -> None:
        await asyncio.sleep(0.5)
        with deadlines.limit():
            await asyncio.sleep(60)

    _, outcome = await asyncio.gather(end_soon(), take_long(), return_exceptions=True)
    assert isinstance(outcome, TimeoutError)
    assert now() == pytest.approx(10.5)


@in_no_time
async def test_one_task_after_another_limit_has_a_new_one() -> None:
    deadlines = Deadlines(10)
    for _ in range(3):
        with pytest.raises(TimeoutError), deadlines.limit():
            await asyncio.sleep(60)
    assert now() == pytest.approx(30)


@in_no_time
async def test_a_task_that_is_cancelled_meanwhile_stays_cancelled() -> None:
    async def wait() -> None:
        with Deadlines(10).limit():
            await asyncio.sleep(60)

    task = asyncio.create_task(wait())
    asyncio.get_running_loop().call_later(5, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert now() == pytest.approx(5)


@in_no_time
async def test_a_task_that_is_cancelled_at_the_end_of_its_time_stays_cancelled() -> None:
    async def wait() -> None:
        with Deadlines(10).limit():
            await asyncio.sleep(60)

    task = asyncio.create_task(wait())
    asyncio.get_running_loop().call_later(10, task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task


@in_no_time
async def test_a_block_that_fails_in_time_fails_as_it_does() -> None:
    async def fail() -> None:
        await asyncio.sleep(1)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), Deadlines(10).limit():
        await fail()
    await asyncio.sleep(60)


@in_no_time
async def test_an_inner_limit_ends_its_own_block_alone() -> None:
    with Deadlines(10).limit():
        with pytest.raises(TimeoutError), Deadlines(5).limit():
            await asyncio.sleep(60)
        await asyncio.sleep(4)
    assert now() == pytest.approx(9)
