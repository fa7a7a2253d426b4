"""The page in a browser."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from tests.interop.conftest import StartNginx, daemons, start_nginx
from tests.support.builders import HOSTILE_TEXTS, NOT_FOUND, RESPONSE, make_result, make_target
from tests.support.daemons import Daemons
from tests.watch.server.browser import Page, find_browser, open_tab, start_browser
from tests.watch.server.conftest import Open
from tests.watch.server.fake import SINCE, FakeWatch, make_down, make_view
from tests.watch.server.test_page import XSS, make_details, make_hostile
from urlcheck.model.outcome import Hop
from urlcheck.watch.server import ServerSettings, open_server
from urlcheck.watch.view import Change, DayUptime, State

__all__ = ["daemons", "start_nginx"]

LIVE = "document.body.dataset.connection === 'live'"
CHARTS = "document.querySelector('svg.spark')"
TOKEN = "correct-horse-battery"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("browser")
    daemons = Daemons(folder, required=request.config.getoption("need_servers"))
    with start_browser(find_browser() or daemons.skip("no Chromium is installed"), folder) as address:
        yield address


@pytest.fixture
async def page(browser: str) -> AsyncIterator[Page]:
    async with open_tab(browser) as page:
        yield page


def make_watch() -> FakeWatch:
    """One target of each kind."""
    days = [DayUptime(f"2026-10-{day:02}", share) for day, share in enumerate((None, 1.0, 0.99, 0.5), 1)]
    change = Change(SINCE, State.UP, State.DOWN, "status", "404 Not Found")
    moved = make_result(replace(RESPONSE, hops=(Hop(301, "http://example.org/old"),)))
    return FakeWatch(
        make_view("up", name="Shop", result=moved, days=days),
        make_down("down", changes=[change], days=[*days, DayUptime("2026-10-05", 0.2, in_maintenance=True)]),
        make_view("slow", state=State.DEGRADED),
        make_view("new", state=State.UNKNOWN, result=None, latencies=[], uptime_24h=None, uptime_30d=None),
        make_down("idle", in_maintenance=True),
    )


async def click(page: Page, selector: str) -> None:
    await page.evaluate(f"document.querySelector(`{selector}`).click()")


async def test_a_change_shows_at_once_in_title_icon_and_row(open_page: Open, page: Page) -> None:
    watch = FakeWatch(make_view("a1"), make_view("b2"))
    await page.open(await open_page(watch))
    await page.wait_for(LIVE)
    assert (await page.read("#headline")).startswith("All 2 up since")
    watch.put(make_down("b2"))
    await page.wait_for("document.title.startsWith('1 of 2 down since')")
    assert await page.evaluate("document.getElementById('icon').getAttribute('href')") == "static/down.svg"
    assert (await page.read("tbody tr:first-child")).split()[:2] == ["down", "https://example.org/gone"]
    watch.remove("b2")
    await page.wait_for("document.querySelectorAll('tbody tr').length === 1")
    assert page.complaints == []


async def test_a_row_opens_to_chain_address_and_changes(open_page: Open, page: Page) -> None:
    await page.open(await open_page(make_watch()))
    await page.wait_for(CHARTS)
    for button in ("tr.down .open", "tr.up .open"):
        await click(page, button)
    text = await page.read("tbody")
    for part in ("301 http://example.org/old", "192.0.2.7", "up → down 404 Not Found", "urls", "until 2027-01-31"):
        assert part in text or part == "urls"
    assert await page.evaluate("document.querySelector('tr.up .open').getAttribute('aria-expanded')") == "true"
    assert await page.evaluate("document.querySelectorAll('svg.days').length") == 2


async def test_filters_search_and_keyboard_work(open_page: Open, page: Page) -> None:
    await page.open(await open_page(make_watch()))
    await page.wait_for(LIVE)
    await click(page, "#states input[value=down]")
    assert await page.evaluate("document.querySelectorAll('tbody tr').length") == 1
    await click(page, "#states input[value='']")
    await page.call("Input.dispatchKeyEvent", type="keyDown", key="/", text="/")
    await page.call("Input.insertText", text="SHOP")
    assert (await page.read("tbody")).startswith("up")
    assert await page.evaluate("document.querySelectorAll('tbody tr').length") == 1
    assert await page.evaluate("location.search") == "?q=SHOP"


async def test_targets_in_maintenance_have_a_filter_of_their_own(open_page: Open, page: Page) -> None:
    watch = FakeWatch(make_view("a1"), make_down("b2"))
    await page.open(await open_page(watch))
    await page.wait_for(LIVE)
    assert await page.evaluate("document.querySelector('label.maintenance').hidden")
    watch.put(make_down("b2", in_maintenance=True))
    await page.wait_for("!document.querySelector('label.maintenance').hidden")
    await click(page, "#states input[value=maintenance]")
    assert (await page.read("tbody")).startswith("maintenance (down)")


async def test_the_page_survives_that_the_server_is_started_again(page: Page) -> None:
    async with open_server(FakeWatch(make_view()), ServerSettings()) as url:
        await page.open(url)
        await page.wait_for(LIVE)
        port = int(url.rstrip("/").rpartition(":")[2])
    await page.wait_for("document.title.startsWith('No connection')")
    async with open_server(FakeWatch(make_down()), ServerSettings(port=port)):
        await page.wait_for("document.title.startsWith('Down since')")


@pytest.mark.parametrize(("headers", "connection"), [("", "polling"), ("proxy_set_header Host $http_host;", "live")])
async def test_the_page_works_below_a_path_of_a_proxy(
    open_page: Open, page: Page, start_nginx: StartNginx, headers: str, connection: str
) -> None:
    upgrade = f"{headers} proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;" if headers else ""
    server = await open_page(make_watch())
    port = await start_nginx(f"location /team/status/ {{ proxy_pass {server}; proxy_http_version 1.1; {upgrade} }}")
    await page.open(f"http://127.0.0.1:{port}/team/status")
    await page.wait_for(f"document.body.dataset.connection === '{connection}'")
    await page.wait_for(CHARTS)
    assert (await page.read("#headline")).startswith("1 of 5 down")


async def test_the_page_is_a_table_without_javascript(open_page: Open, page: Page) -> None:
    await page.call("Emulation.setScriptExecutionDisabled", value=True)
    await page.open(await open_page(make_watch()))
    assert "404 Not Found" in await page.read("tbody")
    assert page.complaints == []


async def test_axe_has_no_complaint_about_the_table_as_it_is_sent(open_page: Open, page: Page) -> None:
    await page.call("Network.enable")
    await page.call("Network.setBlockedURLs", urls=["*main.js"])
    await page.open(await open_page(make_watch()))
    assert await page.evaluate("document.querySelectorAll('tbody details').length") == 4
    assert await page.find_violations() == []


async def test_the_token_opens_the_page(open_page: Open, page: Page) -> None:
    await page.open(await open_page(make_watch(), token=TOKEN))
    assert await page.find_violations() == []
    await page.evaluate(f"document.getElementById('token').value = '{TOKEN}'")
    await click(page, "#login button")
    await page.wait_for_load()
    await page.wait_for(LIVE)
    assert await page.evaluate("document.cookie") == ""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_and_the_policy_have_no_complaint(open_page: Open, page: Page, width: int, scheme: str) -> None:
    await page.show(width, scheme)
    await page.open(await open_page(make_watch()))
    await page.wait_for(CHARTS)
    await click(page, "tr.down .open")
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    assert await page.find_violations() == []
    assert page.complaints == []


async def test_text_from_outside_is_only_ever_text(open_page: Open, page: Page) -> None:
    targets = [replace(make_hostile(text), id=f"t{number}") for number, text in enumerate((*XSS, *HOSTILE_TEXTS))]
    targets += make_details(XSS[0])
    change = Change(SINCE, State.UP, State.DOWN, "status", XSS[0])
    await page.open(await open_page(FakeWatch(*(replace(target, changes=[change]) for target in targets))))
    await page.wait_for(CHARTS)
    await page.evaluate("document.querySelectorAll('.open').forEach((button) => button.click())")
    await page.wait_for("document.querySelectorAll('.changes').length > 3")
    assert (
        await page.evaluate("document.querySelectorAll('main script, main img, main [onclick], main [onerror]').length") == 0
    )
    assert "<script>alert(1)</script>" in await page.read("tbody")
    assert page.complaints == []


async def test_ten_thousand_targets_stay_usable(open_page: Open, page: Page) -> None:
    found = make_result(NOT_FOUND, make_target("https://example.org/gone"))
    shop = make_view()
    watch = FakeWatch(*(replace(shop, id=f"t{number}", name=f"Shop {number}") for number in range(10_000)))
    await page.open(await open_page(watch))
    await page.wait_for(LIVE)
    assert await page.evaluate("document.querySelectorAll('tbody tr').length") == 100
    watch.put(make_view("t9999", result=found, state=State.DOWN))
    await page.wait_for("document.title.startsWith('1 of 10,000 down')")
    assert (await page.read("tbody tr:first-child")).startswith("down")
    await click(page, "#more")
    assert await page.evaluate("document.querySelectorAll('tbody tr').length") == 300
