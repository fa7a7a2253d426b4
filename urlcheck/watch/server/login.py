"""The page that asks for the token."""

from __future__ import annotations

from aiohttp import web

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>urlcheck: token needed</title>
<link rel="icon" href="static/unknown.svg" type="image/svg+xml">
<link rel="stylesheet" href="static/page.css">
<script type="module" src="static/login.js"></script>
</head>
<body>
<main class="login">
<h1>This status page needs a token</h1>
<form id="login">
<label for="token">Token</label>
<input id="token" type="password" autocomplete="current-password" required>
<button type="submit">Show the page</button>
</form>
<p id="refused" role="alert"></p>
<p class="soft">It is in the file that <code>--serve-token-file</code> names. Programs send it as
<code>Authorization: Bearer …</code>.</p>
<noscript><p>This form needs JavaScript.</p></noscript>
</main>
</body>
</html>
"""


def draw_login() -> web.Response:
    """The page, with status 401."""
    return web.Response(
        status=401, text=_PAGE, content_type="text/html", headers={"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"}
    )
