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
    router = Router(first, discount=13)
    router.share_out([second, third], [])
    homes = {home: round(count / len(URLS), 1) for home, count in count_homes(router).items()}
    assert homes == {first: 0.2, second: 0.4, third: 0.4}


def test_all_urls_of_a_host_have_one_home() -> None:
    router = Router(DyingBackend())
    router.share_out([DyingBackend()], [])
    for url in URLS[:100]:
        other = Url(url.scheme, url.host, url.port, "/other?page")
        assert router.choose(other) is router.choose(url)


def test_a_pinned_host_stays_with_the_first_backend() -> None:
    first = DyingBackend()
    router = Router(first)
    router.share_out([DyingBackend()], {url.origin for url in URLS})
    assert count_homes(router) == {first: len(URLS)}


def test_the_hosts_of_a_lost_backend_go_to_the_first() -> None:
    first, second, lost = DyingBackend(), DyingBackend(), DyingBackend()
    router = Router(first)
    router.share_out([second, lost], [])
    moved = [url for url in URLS if router.choose(url) is lost]
    kept = [url for url in URLS if router.choose(url) is second]
    router.remove(lost)
    assert {router.choose(url) for url in moved} == {first}
    assert {router.choose(url) for url in kept} == {second}
