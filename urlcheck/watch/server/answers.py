"""Builds answers: JSON with an ETag, and errors in JSON."""

from __future__ import annotations

import hashlib
import json

from aiohttp import web
from aiohttp.web import HTTPException


def answer(request: web.Request, body: str, content_type: str = "application/json") -> web.Response:
    """The body, or 304 where the client has it already."""
    content = body.encode()
    etag = hashlib.sha256(content).hexdigest()[:32]
    headers = {"Cache-Control": "private, no-cache"}
    known = request.if_none_match or ()
    response = (
        web.Response(status=304, headers=headers)
        if any(each.value in (etag, "*") for each in known)
        else web.Response(body=content, content_type=content_type, charset="utf-8", headers=headers)
    )
    response.etag = etag
    return response


def refuse(error: type[HTTPException], reason: str, headers: dict[str, str] | None = None) -> HTTPException:
    """An error whose body is `{"error": reason}`."""
    return error(text=json.dumps({"error": reason}), content_type="application/json", headers=headers)
