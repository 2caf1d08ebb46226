"""Limit the connections that are waiting for a request head, a body or the next request, per network and overall."""

import resource
from typing import Protocol

from backend.api.http.client_address import client_network

MAX_CONNECTIONS = 4_000
MAX_UNFINISHED_PER_NETWORK = 256
SPARE_FILES = 128  # file descriptors for the database, Redis, channels and models


class Connection(Protocol):
    """A connection that can be closed to make room for others."""

    def make_way(self) -> None: ...


class ConnectionLimits:
    """Counts waiting connections by network. When there is no room, the one that has waited longest in the network with the most
    is closed: whoever holds connections open loses the oldest, and a new request gets in."""

    def __init__(self, most: int, per_place: int) -> None:
        self._most = most
        self._per_place = per_place
        self._unfinished: dict[str, dict[Connection, None]] = {}
        self._idle: dict[str, dict[Connection, None]] = {}

    def has_room(self, open_connections: int) -> bool:
        """Whether there is room for one more connection, after closing a waiting one if necessary."""
        if open_connections <= self._most:
            return True
        for waiting in (self._unfinished, self._idle):
            if waiting:
                self._oldest(waiting[max(waiting, key=lambda place: len(waiting[place]))]).make_way()
                return True
        return False

    def unfinished(self, connection: Connection, address: str) -> None:
        """The connection is waiting for a head or a body."""
        self.discard(connection, address)
        place = client_network(address)
        others = self._unfinished.setdefault(place, {})
        others[connection] = None
        if len(others) > self._per_place:
            self._oldest(others).make_way()

    def idle(self, connection: Connection, address: str) -> None:
        """The connection is idle between requests."""
        self.discard(connection, address)
        self._idle.setdefault(client_network(address), {})[connection] = None

    def discard(self, connection: Connection, address: str) -> None:
        """The connection is waiting for us now, or has closed."""
        place = client_network(address)
        for waiting in (self._unfinished, self._idle):
            here = waiting.get(place)
            if here is not None and connection in here:
                del here[connection]
                if not here:
                    del waiting[place]

    @staticmethod
    def _oldest(waiting: dict[Connection, None]) -> Connection:
        return next(iter(waiting))


def limits_for_this_process() -> ConnectionLimits:
    """Limits from the number of files that the process may open, less what it needs itself."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        files = MAX_CONNECTIONS + SPARE_FILES
    most = max(16, min(MAX_CONNECTIONS, files - SPARE_FILES))
    return ConnectionLimits(most, min(MAX_UNFINISHED_PER_NETWORK, most // 2))
