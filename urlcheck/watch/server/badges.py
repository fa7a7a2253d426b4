"""Badges for README files: an image, and the same in the endpoint format of shields.io."""

from __future__ import annotations

import json
from html import escape

from aiohttp import web

from urlcheck.text.safe import clean
from urlcheck.watch.server.answers import answer
from urlcheck.watch.server.api import find_target
from urlcheck.watch.view import State, TargetView

routes = web.RouteTableDef()

# dark enough for white letters (WCAG 2.2, 1.4.3: a contrast of 4.5)
_COLOURS = {
    State.UP: "#1a7f37",
    State.DEGRADED: "#8a5a00",
    State.SUSPECT: "#8a5a00",
    State.DOWN: "#c0262d",
    State.UNKNOWN: "#59636e",
}
_MAINTENANCE = "maintenance"
_LONGEST_LABEL = 40
# pixels: the average width of a character of Verdana at 11 px, and the margin on each side of a text
_CHARACTER, _MARGIN = 6.6, 6

_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" role="img" aria-label="{label}: {message}">\
<title>{label}: {message}</title>\
<rect width="{width}" height="20" rx="3" fill="#3d444d"/>\
<path d="M{left} 0h{right_less}a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3h-{right_less}z" fill="{colour}"/>\
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">\
<text x="{label_x}" y="14" textLength="{label_length}">{label}</text>\
<text x="{message_x}" y="14" textLength="{message_length}">{message}</text></g></svg>
"""


@routes.get("/badge/{id}.svg")
async def get_image(request: web.Request) -> web.Response:
    """The badge of a target as an image."""
    return _share(answer(request, _draw(*_word(find_target(request))), "image/svg+xml"))


@routes.get("/badge/{id}.json")
async def get_endpoint(request: web.Request) -> web.Response:
    """The badge of a target, for https://img.shields.io/endpoint."""
    label, message, colour = _word(find_target(request))
    badge = {"schemaVersion": 1, "label": label, "message": message, "color": colour, "isError": message == State.DOWN}
    return _share(answer(request, json.dumps(badge)))


def _share(response: web.Response) -> web.Response:
    """Let other sites show the badge."""
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _word(target: TargetView) -> tuple[str, str, str]:
    """The label, the message and the colour."""
    request = target.result.target.request if target.result else None
    label = clean(target.name or (request.host if request else target.url), _LONGEST_LABEL)
    if target.in_maintenance:
        return label, _MAINTENANCE, _COLOURS[State.UNKNOWN]
    return label, target.state.value, _COLOURS[target.state]


def _draw(label: str, message: str, colour: str) -> str:
    label_length, message_length = (round(len(text) * _CHARACTER) for text in (label, message))
    left, right = label_length + 2 * _MARGIN, message_length + 2 * _MARGIN
    return _SVG.format(
        width=left + right,
        left=left,
        right_less=right - 3,
        colour=colour,
        label_x=left / 2,
        label_length=label_length,
        label=escape(label),
        message_x=left + right / 2,
        message_length=message_length,
        message=escape(message),
    )
