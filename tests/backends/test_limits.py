from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.backends.builders import make_status
from urlcheck.backends.limits import divide, lend


@pytest.mark.parametrize(
    ("total", "parts", "limits"),
    [(256, 1, [256]), (256, 2, [128, 128]), (256, 3, [86, 85, 85]), (3, 3, [1, 1, 1]), (1, 3, [1, 1, 1])],
)
def test_places_are_divided_in_nearly_equal_parts_and_the_first_gets_the_rest(
    total: int, parts: int, limits: list[int]
) -> None:
    assert divide(total, parts) == limits


def test_a_backend_that_has_finished_lends_its_places_to_one_with_more_targets_than_places() -> None:
    assert lend([make_status(10, 0), make_status(10, 50), make_status(10, 60)]) == [1, 19, 10]


def test_a_backend_lends_the_places_that_it_cannot_use() -> None:
    assert lend([make_status(10, 50), make_status(10, 4)]) == [16, 4]


def test_places_that_none_can_use_go_back_to_the_first() -> None:
    assert lend([make_status(10, 3), make_status(10, 3)]) == [17, 3]


@given(st.lists(st.tuples(st.integers(1, 100), st.integers(0, 1000)), min_size=1))
def test_lending_keeps_the_sum_of_the_limits_and_one_place_for_each(backends: list[tuple[int, int]]) -> None:
    limits = lend([make_status(*backend) for backend in backends])
    assert sum(limits) == sum(limit for limit, _ in backends)
    assert min(limits) >= 1
