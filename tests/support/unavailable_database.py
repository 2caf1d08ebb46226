"""A database that is away for a while, without an outage of a server."""

from collections.abc import Callable
from typing import Any

from backend.db import Database
from backend.errors import Unavailable


class UnavailableDatabase(Database):
    """The database under test, which does not take `use_case` the next `times` times."""

    def __init__(self, db: Database, use_case: Callable[..., Any], times: int) -> None:
        self._db, self._use_case, self._times = db, use_case, times

    async def transact(self, use_case: Any, /, *args: Any, **more: Any) -> Any:
        if use_case is self._use_case and self._times:
            self._times -= 1
            raise Unavailable()
        return await self._db.transact(use_case, *args, **more)

    async def read(self, query: Any, /, *args: Any, **more: Any) -> Any:
        return await self._db.read(query, *args, **more)

    def close(self) -> None:
        """It is closed where it was opened."""
