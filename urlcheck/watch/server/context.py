"""The keys under which the application keeps the objects that its routes share."""

from __future__ import annotations

from aiohttp import web

from urlcheck.watch.server.board import Board
from urlcheck.watch.server.feed import Feed
from urlcheck.watch.server.settings import ServerSettings
from urlcheck.watch.view import WatchView

VIEW: web.AppKey[WatchView] = web.AppKey("view")
BOARD: web.AppKey[Board] = web.AppKey("board", Board)
FEED: web.AppKey[Feed] = web.AppKey("feed", Feed)
SETTINGS: web.AppKey[ServerSettings] = web.AppKey("settings", ServerSettings)
