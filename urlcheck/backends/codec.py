"""Packs targets, results and settings into messages, and unpacks them: a few microseconds a URL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from urlcheck.backends.messages import Checks, Load, PackedFailure, PackedResponse, PackedResult, PackedTarget, Results
from urlcheck.http.headers import Headers
from urlcheck.http.url import Url
from urlcheck.model.outcome import Failure, Hop, Outcome, Response
from urlcheck.model.result import Result
from urlcheck.model.target import Target
from urlcheck.settings.field import AnyScope, Scope
from urlcheck.settings.files import Contents, FileReader
from urlcheck.settings.scopes import CheckSettings

# the mark before a text with lone surrogates, which UTF-8 cannot encode: the text is sent as its bytes, one character each
_BYTES = "\0"


def pack_settings(settings: Scope) -> dict[str, Any]:
    """Settings as plain values."""
    return {field.name: _pack_value(getattr(settings, field.name)) for field in fields(settings)}


def unpack_settings(kind: type[AnyScope], packed: Mapping[str, Any]) -> AnyScope:
    """Settings of a scope. Raises `SettingsError` for values that do not fit."""
    return kind(**{name: _unpack_value(value) for name, value in packed.items()})


def pack_checks(checks: Sequence[CheckSettings], files: FileReader | None) -> Checks:
    """Check settings; with `files`, the contents of the files that they name too. Raises `SettingsError`."""
    contents = files.read(checks) if files else Contents({})
    packed = {_pack_text(name): content for name, content in contents.files.items()}
    return Checks([pack_settings(check) for check in checks], packed, contents.netrc)


def unpack_contents(packed: Checks) -> Contents:
    """The files that were sent with check settings."""
    return Contents({_unpack_text(name): content for name, content in packed.files.items()}, packed.netrc)


def _pack_value(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_pack_value(part) for part in value]
    return _pack_text(value) if isinstance(value, str) else value


def _unpack_value(value: object) -> object:
    if isinstance(value, list):
        return [_unpack_value(part) for part in value]
    return _unpack_text(value) if isinstance(value, str) else value


def _pack_text(text: str) -> str:
    if text.isascii() and not text.startswith(_BYTES):
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return _BYTES + text.encode("utf-8", "surrogatepass").decode("latin-1")
    return _BYTES + text.encode().decode("latin-1") if text.startswith(_BYTES) else text


def _unpack_text(text: str) -> str:
    return text[1:].encode("latin-1").decode("utf-8", "surrogatepass") if text.startswith(_BYTES) else text


def pack_target(target: Target) -> PackedTarget:
    """A target that is to be requested."""
    url = target.request
    assert url is not None
    return PackedTarget(
        target.index,
        target.check,
        url.scheme,
        url.host,
        url.port,
        url.target,
        None if url.userinfo is None else _pack_text(url.userinfo),
        None if url.fragment is None else _pack_text(url.fragment),
    )


def unpack_target(packed: PackedTarget) -> Target:
    """The target as a backend knows it: its URL, its number and its settings."""
    userinfo = None if packed.userinfo is None else _unpack_text(packed.userinfo)
    fragment = None if packed.fragment is None else _unpack_text(packed.fragment)
    url = Url(packed.scheme, packed.host, packed.port, packed.target, userinfo, fragment)
    return Target("", index=packed.index, request=url, check=packed.check)


def pack_results(results: Iterable[Result], load: Load) -> Results:
    """A batch of results, and how busy the backend is."""
    return Results([_pack_result(result) for result in results], load)


def _pack_result(result: Result) -> PackedResult:
    return PackedResult(
        result.target.index,
        result.verdict,
        _pack_text(result.detail),
        result.ok,
        result.attempts,
        result.checked_at.timestamp(),
        _pack_outcome(result.outcome),
        None if result.excerpt is None else _pack_text(result.excerpt),
    )


def unpack_result(packed: PackedResult, target: Target, worker: str | None = None) -> Result:
    """The result of a target; `worker` is the worker of a cluster that checked it."""
    return Result(
        target,
        _unpack_outcome(packed.outcome),
        packed.verdict,
        _unpack_text(packed.detail),
        packed.ok,
        packed.attempts,
        datetime.fromtimestamp(packed.checked_at, UTC),
        None if packed.excerpt is None else _unpack_text(packed.excerpt),
        worker,
    )


def _pack_outcome(outcome: Outcome | None) -> PackedResponse | PackedFailure | None:
    if outcome is None:
        return None
    hops = tuple((hop.status, _pack_text(hop.url)) for hop in outcome.hops)
    expires = outcome.cert_expires.timestamp() if outcome.cert_expires else None
    url = _pack_text(outcome.url)
    if isinstance(outcome, Response):
        reason, headers = _pack_text(outcome.reason), _pack_text(outcome.headers.text)
        return PackedResponse(url, hops, outcome.elapsed, outcome.address, expires, outcome.status, reason, headers)
    kind, message = outcome.kind, _pack_text(outcome.message)
    return PackedFailure(
        url, hops, outcome.elapsed, outcome.address, expires, outcome.status, kind, message, outcome.transient
    )


def _unpack_outcome(packed: PackedResponse | PackedFailure | None) -> Outcome | None:
    if packed is None:
        return None
    hops = _unpack_hops(packed.hops)
    expires = None if packed.cert_expires is None else datetime.fromtimestamp(packed.cert_expires, UTC)
    if isinstance(packed, PackedResponse):
        return Response(
            url=_unpack_text(packed.url),
            hops=hops,
            elapsed=packed.elapsed,
            address=packed.address,
            cert_expires=expires,
            status=packed.status,
            reason=_unpack_text(packed.reason),
            headers=Headers.from_text(_unpack_text(packed.headers)),
        )
    return Failure(
        url=_unpack_text(packed.url),
        hops=hops,
        elapsed=packed.elapsed,
        address=packed.address,
        cert_expires=expires,
        kind=packed.kind,
        message=_unpack_text(packed.message),
        transient=packed.transient,
        status=packed.status,
    )


def _unpack_hops(hops: Sequence[tuple[int, str]]) -> tuple[Hop, ...]:
    return tuple(Hop(status, _unpack_text(url)) for status, url in hops)
