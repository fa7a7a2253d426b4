from __future__ import annotations

import pytest

from urlcheck.reports.latency import Latencies


def measure(*durations: float) -> Latencies:
    latencies = Latencies()
    for duration in durations:
        latencies.add(duration, "example.org")
    return latencies


@pytest.mark.parametrize("fraction", [0.01, 0.5, 0.95, 0.99, 1])
def test_a_quantile_is_at_most_one_per_cent_off(fraction: float) -> None:
    durations = [0.0001 * 1.01**number for number in range(1000)]
    exact = durations[max(0, round(fraction * 1000) - 1)]
    assert measure(*durations).quantile(fraction) == pytest.approx(exact, rel=0.0101)


def test_nothing_has_no_quantile_and_no_histogram() -> None:
    assert (measure().quantile(0.5), measure().histogram(10)) == (0.0, [])


def test_a_histogram_counts_every_duration_once() -> None:
    bars = measure(0.001, 0.001, 0.01, 0.1, 1, 1, 1).histogram(4)
    assert [count for _, count in bars] == [2, 1, 1, 3]


def test_a_histogram_ends_at_the_longest() -> None:
    assert measure(0.001, 2.0).histogram(8)[-1][0] == pytest.approx(2.0, rel=0.25)


def test_a_single_duration_is_one_bar() -> None:
    assert [count for _, count in measure(0.5, 0.5).histogram(20)] == [2]


def test_no_time_at_all_is_a_duration() -> None:
    assert measure(0.0).quantile(0.5) == 0.0


def test_the_histogram_ends_at_the_longest_duration() -> None:
    assert measure(0.1, 0.2, 0.377).histogram(10)[-1][0] == 0.377


def test_the_memory_does_not_grow_with_the_durations() -> None:
    latencies = Latencies()
    for number in range(100_000):
        latencies.add(0.001 + number % 9_973 / 1000, f"{number}.example")
    assert (len(latencies._buckets) < 1_000, len(latencies._slowest) <= 1_000) == (True, True)


def test_the_slowest_hosts_are_known_exactly() -> None:
    latencies = Latencies()
    for number in range(5_000):
        latencies.add(number * 7_919 % 5_000 / 1000, f"{number * 7_919 % 5_000}.example")
    assert latencies.slowest_hosts(3) == [("4999.example", 4.999), ("4998.example", 4.998), ("4997.example", 4.997)]


def test_a_host_is_as_slow_as_its_slowest_answer() -> None:
    latencies = measure(0.1, 0.9, 0.5)
    latencies.add(0.7, "example.net")
    assert latencies.slowest_hosts(5) == [("example.org", 0.9), ("example.net", 0.7)]
