"""The Prometheus metrics: those of blackbox_exporter, so that its dashboards and alerts work, and our own.

They are built from the targets that there are, so that the series of a removed one end. prometheus_client is not used: its
import takes 75 ms, and it writes an answer in one go, while that of 10,000 targets has to be built in portions, between which
the checks go on.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

from aiohttp import web

from urlcheck.model.result import Result
from urlcheck.settings.identity import VERSION
from urlcheck.text.safe import clean
from urlcheck.watch.server.answers import refuse
from urlcheck.watch.server.board import PORTION, Board
from urlcheck.watch.server.context import BOARD, VIEW
from urlcheck.watch.server.exposition import CONTENT_TYPE, Metric, format_labels
from urlcheck.watch.view import RoundView, State, TargetView, WatchView

routes = web.RouteTableDef()

# answers in progress: each may hold 14 MB, for 10,000 targets, until its client has read them
MOST_SCRAPES = 8
# bytes that are written at once
BLOCK = 65_536

SCRAPES: web.AppKey[asyncio.Semaphore] = web.AppKey("scrapes", asyncio.Semaphore)


class TargetMetrics:
    """The metrics that have a sample for every target."""

    def __init__(self) -> None:
        self.success = Metric("probe_success", "gauge", "Whether the last check passed.")
        self.duration = Metric("probe_duration_seconds", "gauge", "How long the last check took, redirects included.")
        self.status = Metric("probe_http_status_code", "gauge", "The status of the last answer, 0 without one.")
        self.redirects = Metric("probe_http_redirects", "gauge", "The redirects that the last check followed.")
        self.tls = Metric("probe_http_ssl", "gauge", "Whether the last check ended at an https URL.")
        self.expiry = Metric(
            "probe_ssl_earliest_cert_expiry",
            "gauge",
            "When the certificate of the last check expires or expired, in Unix time.",
        )
        self.info = Metric("urlcheck_target_info", "gauge", "The id and the name of a target.")
        self.state = Metric("urlcheck_state", "gauge", "1 for the state that the target is in, 0 for the others.")
        self.maintenance = Metric("urlcheck_maintenance", "gauge", "Whether the target is in maintenance.")
        self.checks = Metric("urlcheck_checks_total", "counter", "The checks since the start, by verdict.")
        self.changes = Metric("urlcheck_state_changes_total", "counter", "The changes of state since the start.")

    def add(self, target: TargetView, label: str) -> None:
        """Add the samples of a target."""
        labels = format_labels(target=label)
        self.info.add(format_labels(target=label, id=target.id, name=clean(target.name or "")), 1)
        for state in State:
            self.state.add(format_labels(target=label, state=state), target.state is state)
        self.maintenance.add(labels, target.in_maintenance)
        for verdict, number in sorted(target.checks.items()):
            self.checks.add(format_labels(target=label, verdict=verdict), number)
        self.changes.add(labels, target.state_changes)
        if target.result:
            self._add_probe(target.result, labels)

    def _add_probe(self, result: Result, labels: str) -> None:
        outcome = result.outcome
        self.success.add(labels, result.ok)
        self.duration.add(labels, round(outcome.elapsed, 6) if outcome else 0)
        self.status.add(labels, (outcome.status if outcome else None) or 0)
        self.redirects.add(labels, len(outcome.hops) if outcome else 0)
        self.tls.add(labels, outcome is not None and outcome.url.lower().startswith("https:"))
        if outcome and outcome.cert_expires:
            self.expiry.add(labels, outcome.cert_expires.timestamp())

    def list_metrics(self) -> list[Metric]:
        """All of them, in their order."""
        return [metric for metric in vars(self).values() if isinstance(metric, Metric)]


def list_watch_metrics(latest: RoundView) -> Iterator[Metric]:
    """The metrics of the whole watch."""
    duration = Metric("urlcheck_round_duration_seconds", "gauge", "How long the last whole round took.")
    finished = Metric("urlcheck_last_round_timestamp_seconds", "gauge", "When the last whole round ended, in Unix time.")
    if latest.seconds is not None:
        duration.add("", round(latest.seconds, 6))
    if latest.finished:
        finished.add("", round(latest.finished.timestamp(), 3))
    skipped = Metric("urlcheck_rounds_skipped_total", "counter", "The rounds left out because the one before was not done.")
    skipped.add("", latest.skipped)
    interval = Metric("urlcheck_interval_seconds", "gauge", "The time from one round to the next.")
    interval.add("", latest.interval)
    build = Metric("urlcheck_build_info", "gauge", "The version of urlcheck.")
    build.add(format_labels(version=VERSION), 1)
    yield from (duration, finished, skipped, interval, build)


@routes.get("/metrics")
async def get_metrics(request: web.Request) -> web.StreamResponse:
    """All metrics, for Prometheus to collect."""
    scrapes = request.app[SCRAPES]
    if scrapes.locked():
        raise refuse(web.HTTPServiceUnavailable, "too many collectors at once", {"Retry-After": "10"})
    async with scrapes:
        return await _write(request, memoryview(await _build(request.app[BOARD], request.app[VIEW])))


async def _build(board: Board, view: WatchView) -> bytes:
    await board.refresh()
    urls = {entry.id: entry.url for entry in board.list_entries()}
    seen = Counter(urls.values())
    metrics = TargetMetrics()
    for number, (target_id, url) in enumerate(urls.items()):
        if target := view.find(target_id):
            # no two series may have the same labels, and URLs may be the same once they are masked
            metrics.add(target, url if seen[url] == 1 else f"{url} ({target_id})")
        if number % PORTION == 0:
            await asyncio.sleep(0)
    parts = []
    for metric in (*metrics.list_metrics(), *list_watch_metrics(view.round)):
        parts.append("".join(metric.write()).encode())
        await asyncio.sleep(0)
    return b"".join(parts)


async def _write(request: web.Request, body: memoryview) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE, "Content-Length": str(len(body))})
    await response.prepare(request)
    if request.method != "HEAD":
        for start in range(0, len(body), BLOCK):
            await response.write(body[start : start + BLOCK])
    return response
