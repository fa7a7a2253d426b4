"""The parser between a connection and aiohttp's; what servers send over a connection is in test_heads.py and test_body.py."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpResponseParser
from aiohttp.http_exceptions import BadHttpMessage

from urlcheck.client.protocol import TolerantParser


def make_parser() -> HttpResponseParser:
    loop = asyncio.get_running_loop()
    return HttpResponseParser(BaseProtocol(loop), loop, 2**16)


def make_busy_parser() -> HttpResponseParser:
    """A parser that takes whatever comes for the body of an answer."""
    parser = make_parser()
    parser.feed_data(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    return parser


async def test_a_head_whose_end_the_parser_does_not_find_is_repaired() -> None:
    parser = TolerantParser(make_parser(), make_parser)
    [(message, _)] = parser.feed_data(b"HTTP/1.1 204 No Content\r\nX: y\r\n")[0]
    assert (message.code, message.headers["X"], parser.has_repaired) == (204, "y", True)


async def test_a_head_in_which_the_parser_finds_no_answer_is_refused() -> None:
    with pytest.raises(BadHttpMessage, match="malformed headers"):
        TolerantParser(make_parser(), make_busy_parser).feed_data(b"HTTP/2 204 No Content\r\n\r\n")
