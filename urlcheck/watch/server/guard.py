"""Checks the method, the host and the token of every request, and adds the security headers to every answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from urlcheck.watch.server.answers import refuse
from urlcheck.watch.server.context import SETTINGS
from urlcheck.watch.server.hosts import is_allowed_host
from urlcheck.watch.server.login import draw_login
from urlcheck.watch.server.tokens import has_cookie, is_bearer, make_cookie

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

METHODS = ("GET", "HEAD")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    # other sites may show a badge, and may read nothing else, not even as the source of a script
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse other methods, foreign hosts, and requests without the token."""
    settings = request.app[SETTINGS]
    if request.method not in METHODS:
        raise web.HTTPMethodNotAllowed(request.method, METHODS)
    if not all(is_allowed_host(host, settings.allowed_hosts) for host in list_hosts(request)):
        raise refuse(web.HTTPMisdirectedRequest, "this server is not known by that name; --allow-host adds names")
    if settings.token is None or request.path.startswith("/static/"):  # the files are the same for everyone
        return await handler(request)
    return await _admit(request, handler, settings.token)


async def _admit(request: web.Request, handler: Handler, token: str) -> web.StreamResponse:
    is_new = is_bearer(request.headers.get("Authorization", ""), token)
    if not is_new and not has_cookie(request.cookies, token):
        if request.path == "/":
            return draw_login()
        raise refuse(web.HTTPUnauthorized, "a token is needed", {"WWW-Authenticate": "Bearer"})
    response = await handler(request)
    if is_new and request.path == "/":
        name, value = make_cookie(token)
        # without a path: that of the page, so that it holds below a proxy's sub-path too
        response.headers.add("Set-Cookie", f"{name}={value}; HttpOnly; SameSite=Strict; Max-Age=31536000")
    return response


def list_hosts(request: web.Request) -> list[str]:
    """The hosts that a request names, an empty text for none: several `Host` headers, or an absolute URL, name more."""
    target = request.raw_path
    hosts = request.headers.getall("Host", []) or [""]
    return hosts if target.startswith("/") else [*hosts, urlsplit(target).netloc]


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers that every answer carries, errors included."""
    response.headers.popall("Server", None)  # it names the versions of Python and aiohttp
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.content_type == "text/html":
        response.headers["Cache-Control"] = "no-store" if request.app[SETTINGS].token else "no-cache"
