"""The status server of a watch: a page, a JSON interface, a WebSocket, Prometheus metrics and badges."""

from urlcheck.watch.server.server import open_server
from urlcheck.watch.server.settings import ServerSettings

__all__ = ["ServerSettings", "open_server"]
