from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backends.builders import make_status
from urlcheck.backends.limits import allot, divide


@pytest.mark.parametrize(
    ("total", "parts", "limits"),
    [(256, 1, [256]), (256, 2, [128, 128]), (256, 3, [86, 85, 85]), (3, 3, [1, 1, 1]), (1, 3, [1, 1, 1])],
)
def test_places_are_divided_in_nearly_equal_parts_and_the_first_gets_the_rest(
    total: int, parts: int, limits: list[int]
) -> None:
    assert divide(total, parts) == limits


def allot_to(total: int, *backends: tuple[int, int, int]) -> list[int]:
    """The limits of backends with so high a limit, so many unfinished targets and requests in flight."""
    return allot(total, [make_status(*backend, hungry=False) for backend in backends])


def test_places_go_where_targets_are() -> None:
    assert allot_to(100, (50, 3_000, 50), (50, 1_000, 50)) == [50, 25]
    assert allot_to(100, (50, 3_000, 50), (25, 1_000, 25)) == [75, 25]


def test_a_limit_grows_only_as_requests_above_another_limit_end() -> None:
    assert allot_to(100, (50, 3_000, 50), (25, 1_000, 40)) == [60, 25]


def test_a_backend_keeps_no_places_that_it_cannot_use() -> None:
    other, hungry = make_status(25, 1_000, 25, hungry=False), make_status(9, 9_000, 4, hungry=True)
    assert allot(50, [other, hungry]) == [41, 9]


def test_a_place_is_free_only_once_the_backend_has_reported_under_its_smaller_limit() -> None:
    other = make_status(25, 1_000, 25, hungry=False)
    assert allot(50, [other, make_status(25, 9_000, 4, hungry=True)]) == [25, 9]


def test_a_backend_that_has_finished_keeps_one_place() -> None:
    assert allot_to(100, (50, 3_000, 50), (50, 0, 0)) == [99, 1]


def test_a_backend_that_lacks_hosts_gets_few_places_more_than_it_uses() -> None:
    hungry = make_status(20, 9_000, 10, hungry=True)
    assert allot(100, [make_status(50, 1_000, 50, hungry=False), hungry]) == [80, 20]


def test_a_backend_without_a_place_gets_one_however_few_targets_it_has() -> None:
    assert allot_to(6, (5, 3_000, 5), (1, 1, 1), (0, 1, 0)) == [4, 1, 0]
    assert allot_to(6, (4, 3_000, 4), (1, 1, 1), (0, 1, 0)) == [4, 1, 1]


def test_a_backend_without_a_place_has_none_while_all_are_taken() -> None:
    assert allot_to(6, (6, 100, 6), (0, 100, 0)) == [3, 0]


def test_places_that_none_can_use_are_divided_evenly() -> None:
    assert allot_to(100, (100, 0, 0), (1, 0, 0)) == [50, 50]


@given(
    st.integers(6, 300),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 1000), st.integers(0, 300), st.booleans()), min_size=1, max_size=6),
)
def test_no_more_are_in_flight_than_the_total_unless_they_were_before(
    total: int, backends: list[tuple[int, int, int, bool]]
) -> None:
    statuses = [make_status(*numbers, hungry=hungry) for *numbers, hungry in backends]
    limits = allot(total, statuses)
    before = sum(max(status.limit, status.in_flight) for status in statuses)
    after = sum(max(limit, status.in_flight) for limit, status in zip(limits, statuses, strict=True))
    assert after <= max(total, before)
    assert all(limit >= min(1, status.limit) for limit, status in zip(limits, statuses, strict=True))


@given(st.integers(6, 300), st.lists(st.tuples(st.integers(0, 1000), st.booleans()), min_size=1, max_size=6))
def test_every_place_is_given_out_in_the_end(total: int, backends: list[tuple[int, bool]]) -> None:
    limits = [0] * len(backends)
    for _ in range(2):
        statuses = [
            make_status(limit, unfinished, 0, hungry=hungry)
            for limit, (unfinished, hungry) in zip(limits, backends, strict=True)
        ]
        limits = allot(total, statuses)
    assert total - len(limits) <= sum(limits) <= total
