from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from aiohttp import ClientSession

from tests.support.builders import FAILURE, HOSTILE_TEXTS, NOT_FOUND, RESPONSE, make_result, make_target
from tests.watch.server.conftest import Open
from tests.watch.server.fake import FakeWatch, make_down, make_view
from urlcheck import watch as package
from urlcheck.http.headers import Headers
from urlcheck.model.outcome import FailureKind, Hop
from urlcheck.watch.view import State, TargetView

STATIC = Path(package.__file__).parent / "server/static"
# an element, an attribute, a URL and a comment that a browser would obey
XSS = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", "javascript:alert(1)", "<!--")


class Reader(HTMLParser):
    """The elements of a page, each with its attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def list_urls(self) -> list[str]:
        return [
            each for _, attributes in self.elements for name in ("src", "href", "action") if (each := attributes.get(name))
        ]


def list_kinds(page: Reader) -> list[tuple[str, list[str]]]:
    """The elements with the names of their attributes; a URL that may not be followed is a span instead of a link."""
    return [
        ("span", ["class"]) if attributes.get("class") == "url" else (tag, [*attributes]) for tag, attributes in page.elements
    ]


async def get(client: ClientSession, url: str) -> str:
    async with client.get(url) as response:
        assert response.status == 200
        return await response.text()


def find_title(text: str) -> str:
    found = re.search("<title>(.*) · urlcheck</title>", text)
    assert found
    return found[1]


def make_hostile(text: str) -> TargetView:
    """A target in which every text from outside is that one."""
    url = f"https://example.org/{text}"
    outcome = replace(NOT_FOUND, url=url, reason=text, hops=(Hop(301, f"https://example.org/{text}"), Hop(302, text)))
    result = make_result(outcome, replace(make_target(), url=url, source=text))
    return make_view("x", name=text, result=result, state=State.DOWN)


def make_details(text: str) -> list[TargetView]:
    """Targets whose details quote that text of a header, of a body and of a certificate."""
    header = replace(RESPONSE, headers=Headers([("X-Version", text)]))
    certificate = replace(FAILURE, kind=FailureKind.TLS, message=f"certificate is for {text}")
    return [
        make_down("header", result=make_result(header, expect_headers=[("X-Version", "1")])),
        make_down(
            "body", result=make_result(replace(RESPONSE, body=text.encode("utf-8", "replace")), expect_text=["welcome"])
        ),
        make_down("certificate", result=make_result(certificate)),
    ]


async def test_the_page_shows_problems_first(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(
        make_view("a"),
        make_view("b", state=State.DEGRADED),
        make_down("c"),
        make_view("d", state=State.SUSPECT),
        make_down("e"),
    )
    text = await get(client, await open_page(watch))
    assert re.findall(r'class="pill (\w+)"', text) == ["down", "down", "suspect", "degraded", "up"]


async def test_title_and_icon_carry_the_state(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(make_view(), make_down())
    url = await open_page(watch)
    text = await get(client, url)
    assert find_title(text) == "1 of 2 down since 2026-11-22 09:31 UTC"
    assert 'href="static/down.svg"' in text
    watch.remove("b2")
    assert find_title(await get(client, url)) == "Up since 2026-11-22 09:31 UTC"


async def test_a_row_has_verdict_detail_time_uptime_certificate_and_chain(open_page: Open, client: ClientSession) -> None:
    result = make_result(replace(NOT_FOUND, hops=(Hop(301, "http://example.org/old"),)))
    text = "".join(Reader(await get(client, await open_page(FakeWatch(make_down(result=result, name="Shop"))))).text)
    for part in (
        "Shop",
        "status 404 Not Found",
        "301 http://example.org/old",
        "address 192.0.2.7",
        "81 ms",
        "99.95 %",
        "days",
    ):
        assert part in text


async def test_the_page_reloads_itself_without_javascript(open_page: Open, client: ClientSession) -> None:
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in await get(client, await open_page())


async def test_the_page_can_be_filtered_and_turned_without_javascript(open_page: Open, client: ClientSession) -> None:
    url = await open_page(FakeWatch(*(make_view(f"t{number}") for number in range(250)), make_down()))
    assert (await get(client, url)).count('class="pill') == 200
    assert (await get(client, url + "?page=2")).count('class="pill') == 51
    assert (await get(client, url + "?state=down&q=gone")).count('class="pill') == 1


async def test_targets_in_maintenance_can_be_chosen_once_there_are_any(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(make_view(), make_down(in_maintenance=True))
    text = await get(client, await open_page(watch))
    assert '<label class="maintenance"><input' in text
    assert "maintenance (down)" in text
    watch.remove("b2")
    assert '<label class="maintenance" hidden><input' in await get(client, await open_page(watch))


async def test_a_watch_that_is_in_maintenance_as_a_whole_has_no_other_state(open_page: Open, client: ClientSession) -> None:
    watch = FakeWatch(make_view(in_maintenance=True), make_down(in_maintenance=True))
    assert find_title(await get(client, await open_page(watch))) == "All 2 in maintenance"


async def test_an_earlier_day_is_shown_without_its_time(open_page: Open, client: ClientSession) -> None:
    assert 'title="2026-11-22 09:31 UTC">2026-11-22</time>' in await get(client, await open_page(FakeWatch(make_view())))


async def test_past_the_last_page_is_the_last_page(open_page: Open, client: ClientSession) -> None:
    url = await open_page(FakeWatch(*(make_view(f"t{number}") for number in range(250))))
    assert "201 to 250 of 250." in await get(client, url + "?page=99999")


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 50, "٣", ""])
async def test_a_page_that_does_not_exist_is_harmless(open_page: Open, client: ClientSession, page: str) -> None:
    await get(client, f"{await open_page()}?page={page}")


@pytest.mark.parametrize("hostile", [*XSS, *HOSTILE_TEXTS])
async def test_text_from_outside_is_only_ever_text(open_page: Open, client: ClientSession, hostile: str) -> None:
    plain = Reader(await get(client, await open_page(FakeWatch(make_hostile("text")))))
    read = Reader(await get(client, await open_page(FakeWatch(make_hostile(hostile)))))
    assert list_kinds(read) == list_kinds(plain)
    assert all(url.startswith(("static/", "api/", "metrics", "http:", "https:")) for url in read.list_urls())


@pytest.mark.parametrize("hostile", [*XSS, *HOSTILE_TEXTS])
async def test_what_a_detail_quotes_is_only_text(open_page: Open, client: ClientSession, hostile: str) -> None:
    plain = Reader(await get(client, await open_page(FakeWatch(*make_details("text")))))
    read = Reader(await get(client, await open_page(FakeWatch(*make_details(hostile)))))
    assert list_kinds(read) == list_kinds(plain)
    assert "certificate is for" in "".join(read.text)


@pytest.mark.parametrize("hostile", XSS)
async def test_a_search_is_shown_as_text(open_page: Open, client: ClientSession, hostile: str) -> None:
    async with client.get(await open_page(), params={"q": hostile}) as response:
        read = Reader(await response.text())
    assert [attributes["value"] for _, attributes in read.elements if attributes.get("id") == "words"] == [hostile.lower()]
    assert [tag for tag, _ in read.elements].count("script") == 1


@pytest.mark.parametrize("route", ["", "static/main.js", "static/page.css"])
async def test_nothing_is_loaded_from_elsewhere_or_from_the_root(open_page: Open, client: ClientSession, route: str) -> None:
    text = await get(client, await open_page() + route)
    assert not re.findall(r"""(?:src|href|action|url|from|import)[=( ]*["'](?:[a-z]+:|/)""", text)


async def test_the_page_and_its_scripts_have_no_inline_code(open_page: Open, client: ClientSession) -> None:
    read = Reader(await get(client, await open_page(FakeWatch(make_view(), make_down()))))
    assert not [name for _, attributes in read.elements for name in attributes if name.startswith("on") or name == "style"]
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|\.cssText|setAttribute\(.style"
    )
    assert not [file.name for file in STATIC.glob("*.js") if forbidden.search(file.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("name", ["../page.html", "..%2fpage.html", "%2e%2e/page.py", "page.html", "", "page.css/../page.css"])
async def test_only_the_files_of_the_page_are_served(open_page: Open, client: ClientSession, name: str) -> None:
    from yarl import URL  # noqa: PLC0415

    async with client.get(URL(f"{await open_page()}static/{name}", encoded=True)) as response:
        assert response.status == 404 or name.endswith("/../page.css")


async def test_files_are_not_sent_again(open_page: Open, client: ClientSession) -> None:
    url = await open_page() + "static/page.css"
    async with client.get(url) as response:
        etag = response.headers["ETag"]
    async with client.get(url, headers={"If-None-Match": f"W/{etag}"}) as response:
        assert response.status == 304


@pytest.mark.parametrize("hostile", ["shop", *XSS, *HOSTILE_TEXTS])
async def test_a_badge_is_an_image_with_name_and_state(open_page: Open, client: ClientSession, hostile: str) -> None:
    url = await open_page(FakeWatch(make_down(name=hostile)))
    async with client.get(url + "badge/b2.svg") as response:
        assert response.content_type == "image/svg+xml"
        assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
        drawn = ET.fromstring(await response.text())
    assert [each.tag.rpartition("}")[2] for each in drawn.iter()] == ["svg", "title", "rect", "path", "g", "text", "text"]
    async with client.get(url + "badge/b2.json") as response:
        badge = await response.json()
    assert (badge["schemaVersion"], badge["message"], badge["isError"]) == (1, "down", True)
    assert drawn.attrib["aria-label"] == f"{badge['label']}: down"


async def test_a_badge_without_a_name_has_the_host(open_page: Open, client: ClientSession) -> None:
    async with client.get(await open_page(FakeWatch(make_view(in_maintenance=True))) + "badge/a1.json") as response:
        badge = json.loads(await response.text())
    assert (badge["label"], badge["message"]) == ("example.org", "maintenance")


async def test_a_badge_of_no_target_is_not_found(open_page: Open, client: ClientSession) -> None:
    async with client.get(await open_page() + "badge/a1.svg") as response:
        assert response.status == 404


def test_a_certificate_cannot_be_more_than_a_date() -> None:
    result = make_result(RESPONSE)
    assert re.fullmatch(r"[0-9TZ:-]+", str(result.to_dict()["cert_expires"]))
