"""The JSON values of the interface: plain values, secrets masked, every text safe to print."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from urlcheck.model.record import format_time
from urlcheck.model.verdict import Verdict
from urlcheck.reports.wording import find_link
from urlcheck.text.safe import clean
from urlcheck.text.secrets import hide
from urlcheck.watch.view import Change, TargetView

Shape = dict[str, object]

_DETAIL_LIMIT = 300
# the record of a target before its first check: every key is always present
_UNASKED: Mapping[str, object] = {
    **dict.fromkeys(("ok", "verdict", "status", "detail", "final_url")),
    "redirects": [],
    "elapsed_ms": None,
    "attempts": 0,
    **dict.fromkeys(("address", "cert_expires", "source", "line", "checked_at")),
}


def shape_target(target: TargetView) -> Shape:
    """A target: the record of its last check, and its state. `link`: the URL, if a browser may follow it."""
    record = target.result.to_dict() if target.result else None
    return {
        "id": target.id,
        "url": clean(target.url),
        **(record or _UNASKED),
        "name": clean(target.name) if target.name else None,
        "link": find_link(record) if record else None,
        "state": target.state.value,
        "since": format_time(target.since),
        "next_check": format_time(target.next_check) if target.next_check else None,
        "in_maintenance": target.in_maintenance,
        "uptime_24h": _round_share(target.uptime_24h),
        "uptime_30d": _round_share(target.uptime_30d),
    }


def shape_history(target: TargetView) -> Shape:
    """The last checks, changes and days of a target."""
    return {
        "id": target.id,
        "latencies_ms": [None if latency is None else round(latency, 1) for latency in target.latencies],
        "changes": [_shape_change(target, change) for change in target.changes],
        "days": [
            {"day": day.day, "uptime": _round_share(day.share), "in_maintenance": day.in_maintenance} for day in target.days
        ],
    }


def _shape_change(target: TargetView, change: Change) -> Shape:
    return {
        "at": format_time(change.at),
        "from": change.before.value,
        "to": change.after.value,
        "verdict": change.verdict,
        "detail": _mask_detail(target, change),
    }


def _mask_detail(target: TargetView, change: Change) -> str:
    """The detail of an earlier check, masked as that of the last one is."""
    if target.result is None or change.verdict not in Verdict.__members__.values():
        return clean(hide(change.detail), _DETAIL_LIMIT)
    return replace(target.result, verdict=Verdict(change.verdict), detail=change.detail, attempts=0).to_dict()["detail"]


def _round_share(share: float | None) -> float | None:
    return None if share is None else round(share, 6)
