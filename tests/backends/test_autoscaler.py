from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.backends.builders import DyingBackend
from tests.support.clock import in_no_time
from urlcheck.backends.autoscaler import Autoscaler, Thresholds
from urlcheck.backends.protocol import Backend


class Scaled:
    """A coordinator with so many unfinished targets."""

    def __init__(self, unfinished: int) -> None:
        self.unfinished = unfinished
        self.shared: list[Sequence[Backend]] = []

    async def share_out(self, joining: Sequence[Backend]) -> None:
        self.shared.append([*joining])

    def stop(self, reason: str) -> None:
        raise AssertionError(reason)


async def open_backend() -> Backend:
    return DyingBackend()


async def watch(scaler: Autoscaler, scaled: Scaled, seconds: float = 60) -> None:
    """Have the scaler watch for so long at most."""
    await scaler.begin(scaled)
    try:
        async with asyncio.timeout(seconds):
            await scaler.watch(scaled)
    except TimeoutError:
        pass


@in_no_time
async def test_backends_that_were_asked_for_have_work_from_the_beginning() -> None:
    scaler, scaled = Autoscaler(open_backend, 2, is_asked=True), Scaled(0)
    await scaler.begin(scaled)
    assert scaled.shared == [scaler.opened]
    await scaler.watch(scaled)
    assert len(scaler.opened) == 2
    assert len(scaled.shared) == 1


@in_no_time
async def test_a_short_list_opens_no_backend() -> None:
    scaler, scaled = (
        Autoscaler(open_backend, 2, is_asked=False, thresholds=Thresholds(long_list=100)),
        Scaled(100),
    )
    await watch(scaler, scaled)
    assert (scaler.opened, scaled.shared) == ([], [])


@in_no_time
async def test_a_long_list_is_shared_with_the_backends_that_are_opened_for_it() -> None:
    scaler, scaled = (
        Autoscaler(open_backend, 2, is_asked=False, thresholds=Thresholds(long_list=100)),
        Scaled(101),
    )
    await watch(scaler, scaled)
    assert scaled.shared == [scaler.opened]
    assert len(scaler.opened) == 2


@pytest.mark.parametrize("error", [OSError("no process"), RuntimeError("can't start new thread")])
async def test_a_backend_that_cannot_be_opened_is_done_without(error: Exception) -> None:
    opened: list[Backend] = []

    async def open_one() -> Backend:
        if opened:
            raise error
        opened.append(DyingBackend())
        return opened[0]

    scaler, scaled = Autoscaler(open_one, 3, is_asked=True), Scaled(0)
    await scaler.begin(scaled)
    assert scaler.opened == opened
    assert scaled.shared == [opened]


@in_no_time
async def test_a_machine_that_bears_no_further_process_is_not_asked_again() -> None:
    attempts = 0

    async def refuse() -> Backend:
        nonlocal attempts
        attempts += 1
        raise OSError

    scaler = Autoscaler(refuse, 2, is_asked=False, thresholds=Thresholds(long_list=100))
    await watch(scaler, Scaled(101))
    assert attempts == 2  # once for each
