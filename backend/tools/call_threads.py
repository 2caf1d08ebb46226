"""Run each call of a tool in a daemon thread of its own, so that a call that hangs delays neither other calls nor shutdown.

The number of threads per tool is limited."""

import asyncio
import contextvars
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

MAX_CALLS = 64
_running: Counter[str] = Counter()
_counting = threading.Lock()


class TooManyCalls(Exception):
    """The call was not started because too many calls of this tool are running."""


async def in_thread(call: Callable[[], Any], name: str) -> Any:
    """Return or raise what `call` does. Cancelling the wait leaves the call running. Raises TooManyCalls."""
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
        except BaseException as raised:  # noqa: BLE001  raised again by the waiting coroutine
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
        if _running[name] >= MAX_CALLS:
            raise TooManyCalls(name)
        _running[name] += 1


def _release(name: str) -> None:
    with _counting:
        _running[name] -= 1
