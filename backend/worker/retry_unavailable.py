"""Retry transactions and reads until the database is available, so that a fact is not lost during an outage."""

import asyncio
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from backend.db import Database, Tx
from backend.errors import Unavailable
from backend.observability.log import get_logger

log = get_logger(__name__)

RETRY_S = 0.5
P = ParamSpec("P")
T = TypeVar("T")


async def transact_until_available(
    db: Database, use_case: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Run the use case until it commits, for as long as this process lives. It may run twice if the result of the first
    commit was lost."""
    while True:
        try:
            return await db.transact(use_case, *args, **kwargs)
        except Unavailable as error:
            log.warning("database.write_postponed", use_case=use_case.__name__, reason=error.detail)
            await asyncio.sleep(RETRY_S)


async def read_until_available(db: Database, query: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run the query until the database answers."""
    while True:
        try:
            return await db.read(query, *args, **kwargs)
        except Unavailable as error:
            log.warning("database.read_postponed", query=query.__name__, reason=error.detail)
            await asyncio.sleep(RETRY_S)
