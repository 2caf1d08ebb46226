"""What every database does for use cases; which one it is, only `open_database` knows."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from backend.db.transaction import Effect, Tx

Sink = Callable[[Sequence[Effect]], None]

P = ParamSpec("P")
T = TypeVar("T")


class Database(ABC):
    """`transact` writes, `read` reads; both run a plain synchronous function whole, away from the event loop.

    After a commit the effects of the transaction go, on the event loop, to the sink before the caller learns its result;
    a caller that went away loses nothing. Transactions behave as if they ran one after another; a use case may be run
    again from its start when it lost a race, and only the run that was committed has effects."""

    @abstractmethod
    async def transact(self, use_case: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `use_case(tx, ...)` in a transaction that is on disk when this returns. Whatever it raises rolls it back
        and is raised here. Raises Unavailable when the database cannot write."""

    @abstractmethod
    async def read(self, query: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `query(tx, ...)` on one consistent snapshot. Raises Unavailable when the database cannot be read."""

    @abstractmethod
    def close(self) -> None:
        """Finish what was handed in, then let go of the database."""
