"""The page, and the files that belong to it.

The page works without JavaScript: a table of the targets that reloads itself. With JavaScript the table is drawn anew from
what the WebSocket sends. All URLs in it are relative, so that it works at any path behind a proxy.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from string import Template

from aiohttp import web

from urlcheck.watch.server.answers import answer
from urlcheck.watch.server.context import BOARD
from urlcheck.watch.server.drawing import draw_page
from urlcheck.watch.server.filters import read_filters

routes = web.RouteTableDef()

_FOLDER = files(__package__)
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@cache
def read_static() -> dict[str, tuple[str, str]]:
    """The files of the page: their names, with their text and type. No other file can be asked for."""
    return {
        file.name: (file.read_text(encoding="utf-8"), kind)
        for file in _FOLDER.joinpath("static").iterdir()
        for ending, kind in _TYPES.items()
        if file.name.endswith(ending)
    }


@cache
def read_template() -> Template:
    """The HTML of the page."""
    return Template(_FOLDER.joinpath("page.html").read_text(encoding="utf-8"))


@routes.get("/")
async def get_page(request: web.Request) -> web.Response:
    """The page, with the targets that the query asks for."""
    board, filters = request.app[BOARD], read_filters(request)
    await board.refresh()
    number = request.query.get("page", "1")
    page = max(1, int(number)) if number.isascii() and number.isdecimal() and len(number) < 6 else 1
    content = draw_page(filters.select(board.list_problems_first()), board.summarise(), filters, page)
    return web.Response(text=read_template().substitute(content), content_type="text/html")


@routes.get("/static/{name}")
async def get_file(request: web.Request) -> web.Response:
    """A style sheet, a script or a picture of the page."""
    found = read_static().get(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    return answer(request, *found)
