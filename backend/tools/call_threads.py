"""A thread for each call of a tool: one that hangs keeps no other waiting, and does not keep the process from ending. Of one
tool only so many may be at work, so that one that always hangs does not fill the process with threads."""

import asyncio
import contextvars
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

MAX_CALLS = 64
_at_work: Counter[str] = Counter()
_counting = threading.Lock()


class TooManyCalls(Exception):
    """So many calls of this name are at work that this one was not begun."""


async def in_thread(call: Callable[[], Any], name: str) -> Any:
    """What `call` gives or raises. Whoever stops waiting leaves it running. Raises Crowded."""
    _reserve(name)
    loop = asyncio.get_running_loop()
    done: asyncio.Future[tuple[Any, BaseException | None]] = loop.create_future()

    def settle(result: Any, error: BaseException | None) -> None:
        if not done.done():
            done.set_result((result, error))

    def work() -> None:
        result, error = None, None
        try:
            result = call()
        except BaseException as raised:  # noqa: BLE001  raised again where it is waited for
            error = raised
        _release(name)
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result, error)

    try:
        threading.Thread(target=contextvars.copy_context().run, args=(work,), name=name, daemon=True).start()
    except BaseException:
        _release(name)
        raise
    result, error = await done
    if error is not None:
        raise error
    return result


def _reserve(name: str) -> None:
    with _counting:
        if _at_work[name] >= MAX_CALLS:
            raise TooManyCalls(name)
        _at_work[name] += 1


def _release(name: str) -> None:
    with _counting:
        _at_work[name] -= 1
