"""The JSON interface: the summary, the targets and their history; and the health of the watch itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from aiohttp import web

from urlcheck.model.record import format_time
from urlcheck.watch.server.answers import answer, refuse
from urlcheck.watch.server.board import Entry, join_bodies
from urlcheck.watch.server.context import BOARD, VIEW
from urlcheck.watch.server.filters import read_filters
from urlcheck.watch.server.shapes import shape_history
from urlcheck.watch.view import RoundView, TargetView

routes = web.RouteTableDef()

# targets in one answer: about 170 KB, the memory that a client that does not read may take
PAGE = 250
# ids, and their histories, in one answer
MOST_IDS = 100
# a watch is healthy as long as its last round is not older than this many intervals
PATIENCE = 2


@routes.get("/api/v1/summary")
async def get_summary(request: web.Request) -> web.Response:
    """How many targets are in which state, and the last round."""
    board = request.app[BOARD]
    await board.refresh()
    return answer(request, json.dumps(board.summarise()))


@routes.get("/api/v1/targets")
async def list_targets(request: web.Request) -> web.Response:
    """The targets in the order of the input, 250 at a time; `cursor` is the `next` of the answer before."""
    board, filters = request.app[BOARD], read_filters(request)
    await board.refresh()
    entries = filters.select(_skip_to(request.query.get("cursor"), board.list_entries()))
    page, rest = entries[:PAGE], entries[PAGE:]
    following = json.dumps(page[-1].id if rest else None)
    return answer(request, f'{{"targets": {join_bodies(page)}, "next": {following}}}')


def _skip_to(cursor: str | None, entries: list[Entry]) -> list[Entry]:
    """The entries after the one that the cursor names. Raises the answer 400 if that target is gone."""
    if not cursor:
        return entries
    place = next((place for place, entry in enumerate(entries) if entry.id == cursor), None)
    if place is None:
        raise refuse(web.HTTPBadRequest, "cursor: that target is gone; begin without a cursor")
    return entries[place + 1 :]


@routes.get("/api/v1/targets/{id}")
async def get_target(request: web.Request) -> web.Response:
    """One target."""
    board = request.app[BOARD]
    await board.refresh()
    entry = board.find(request.match_info["id"])
    if entry is None:
        raise refuse(web.HTTPNotFound, "no such target")
    return answer(request, entry.body)


@routes.get("/api/v1/targets/{id}/history")
async def get_history(request: web.Request) -> web.Response:
    """The last checks, changes and days of one target."""
    return answer(request, json.dumps(shape_history(find_target(request))))


@routes.get("/api/v1/histories")
async def list_histories(request: web.Request) -> web.Response:
    """The histories of each `id` in the query, for the rows that a page shows; targets that are gone are left out."""
    ids = request.query.getall("id", [])
    if len(ids) > MOST_IDS:
        raise refuse(web.HTTPBadRequest, f"id: at most {MOST_IDS}")
    view = request.app[VIEW]
    targets = (target for target_id in ids if (target := view.find(target_id)))
    return answer(request, json.dumps({"histories": [shape_history(target) for target in targets]}))


@routes.get("/healthz")
async def get_health(request: web.Request) -> web.Response:
    """200, or 503 if the last round is older than two intervals: the watch itself stands still."""
    latest = request.app[VIEW].round
    age = find_age(latest)
    is_healthy = age <= PATIENCE * latest.interval
    body = {"healthy": is_healthy, "last_round": format_time(find_latest(latest)), "age_seconds": round(age, 1)}
    return web.json_response(body, status=200 if is_healthy else 503, headers={"Cache-Control": "no-store"})


def find_target(request: web.Request) -> TargetView:
    """The target that the path of a request names. Raises the answer 404."""
    target = request.app[VIEW].find(request.match_info["id"])
    if target is None:
        raise refuse(web.HTTPNotFound, "no such target")
    return target


def find_latest(latest: RoundView) -> datetime:
    """When the watch last began or ended a round."""
    return max(latest.started, latest.finished or latest.started)


def find_age(latest: RoundView) -> float:
    """The seconds since the watch last began or ended a round."""
    return (datetime.now(UTC) - find_latest(latest)).total_seconds()
