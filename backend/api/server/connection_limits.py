"""The connections that owe us something, a head, a body or their next request: how many one address may have, and who goes
first when there is no room for a newcomer."""

import resource
from typing import Protocol

from backend.api.http.client_address import place_of

MOST_CONNECTIONS = 4_000
UNFINISHED_PER_PLACE = 256
SPARE_FILES = 128  # for the database, Redis, channels and models


class Connection(Protocol):
    """A connection that can be asked to make way for others."""

    def make_way(self) -> None: ...


class ConnectionLimits:
    """Counts by place. The longest waiting makes way, in the place that has the most: whoever holds connections open loses
    the oldest of them, and whoever comes with a request gets in."""

    def __init__(self, most: int, per_place: int) -> None:
        self._most = most
        self._per_place = per_place
        self._unfinished: dict[str, dict[Connection, None]] = {}
        self._idle: dict[str, dict[Connection, None]] = {}

    def has_room(self, open_connections: int) -> bool:
        """Whether one more fits among those open, after somebody who waits has made way."""
        if open_connections <= self._most:
            return True
        for waiting in (self._unfinished, self._idle):
            if waiting:
                self._oldest(waiting[max(waiting, key=lambda place: len(waiting[place]))]).make_way()
                return True
        return False

    def unfinished(self, connection: Connection, address: str) -> None:
        """A head or a body is being waited for."""
        self.gone(connection, address)
        place = place_of(address)
        others = self._unfinished.setdefault(place, {})
        others[connection] = None
        if len(others) > self._per_place:
            self._oldest(others).make_way()

    def idle(self, connection: Connection, address: str) -> None:
        """It may bring another request, or not."""
        self.gone(connection, address)
        self._idle.setdefault(place_of(address), {})[connection] = None

    def gone(self, connection: Connection, address: str) -> None:
        """It waits for us now, or is no more."""
        place = place_of(address)
        for waiting in (self._unfinished, self._idle):
            here = waiting.get(place)
            if here is not None and connection in here:
                del here[connection]
                if not here:
                    del waiting[place]

    @staticmethod
    def _oldest(waiting: dict[Connection, None]) -> Connection:
        return next(iter(waiting))


def crowd_for_this_process() -> ConnectionLimits:
    """As many connections as the process may open files, less what it needs itself."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        files = MOST_CONNECTIONS + SPARE_FILES
    most = max(16, min(MOST_CONNECTIONS, files - SPARE_FILES))
    return ConnectionLimits(most, min(UNFINISHED_PER_PLACE, most // 2))
