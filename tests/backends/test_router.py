from __future__ import annotations

from collections import Counter

from tests.backends.builders import DyingBackend
from urlcheck.backends.router import Router
from urlcheck.http.url import Url, parse

URLS = [parse(f"http://host{number}.example/") for number in range(5000)]


def count_homes(router: Router) -> Counter[object]:
    return Counter(router.choose(url) for url in URLS)


def test_all_hosts_belong_to_the_first_backend_at_the_beginning() -> None:
    first = DyingBackend()
    assert count_homes(Router(first)) == {first: len(URLS)}


def test_hosts_are_divided_and_the_first_backend_gets_fewer() -> None:
    first, second, third = DyingBackend(), DyingBackend(), DyingBackend()
    router = Router(first, discount=1300)
    router.share_out([first, second, third], {})
    homes = {home: round(count / len(URLS), 1) for home, count in count_homes(router).items()}
    assert homes == {first: 0.2, second: 0.4, third: 0.4}


def test_hosts_are_divided_evenly_where_no_backend_is_the_first() -> None:
    backends = [DyingBackend() for _ in range(100)]
    router = Router()
    router.share_out(backends, {})
    assert min(count_homes(router).values()) > 0.4 * len(URLS) / 100
    assert count_homes(router).keys() == {*backends}


def test_all_urls_of_a_host_have_one_home() -> None:
    first = DyingBackend()
    router = Router(first)
    router.share_out([first, DyingBackend()], {})
    for url in URLS[:100]:
        other = Url(url.scheme, url.host, url.port, "/other?page")
        assert router.choose(other) is router.choose(url)


def test_a_pinned_host_stays_where_it_is() -> None:
    first, second = DyingBackend(), DyingBackend()
    router = Router(first)
    router.share_out([first, second, DyingBackend()], {url.origin: second for url in URLS})
    assert count_homes(router) == {second: len(URLS)}


def test_the_hosts_of_a_lost_backend_are_divided_among_the_others_which_keep_theirs() -> None:
    first, second, lost = DyingBackend(), DyingBackend(), DyingBackend()
    router = Router(first)
    router.share_out([first, second, lost], {URLS[0].origin: lost})
    homes = {url.origin: router.choose(url) for url in URLS}
    router.remove(lost)
    assert {router.choose(url) for url in URLS if homes[url.origin] is lost} == {first, second}
    assert [url for url in URLS if homes[url.origin] not in (lost, router.choose(url))] == []


def test_a_host_all_of_whose_homes_are_lost_gets_one_of_the_others() -> None:
    first, *lost = DyingBackend(), DyingBackend(), DyingBackend()
    router = Router(first)
    router.share_out([first, *lost], {})
    router.divide(URLS[0].origin, lost)
    for backend in lost:
        router.remove(backend)
    assert router.divided == []
    assert router.choose(URLS[0]) is first


def test_hosts_are_divided_anew_after_the_last_backend_was_lost() -> None:
    lost, late = DyingBackend(), DyingBackend()
    router = Router()
    router.share_out([lost], {})
    router.remove(lost)
    router.share_out([late], {URLS[0].origin: lost})
    assert count_homes(router) == {late: len(URLS)}
