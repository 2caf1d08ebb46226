"""How much one person may start in a minute. Answers have a budget of their own, so that asking never blocks answering."""

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from limits import RateLimitItem, parse

from backend.errors import TooMany
from backend.windows.contract import Windows

ANSWERS_FLOOR = "120/minute"
FAILED_SIGN_INS = parse("10/minute")
FAILED_FROM_ADDRESS = parse("50/minute")
WAITS_AT_ONCE = 200


class Budgets:
    """Raises TooMany, with the seconds to wait, instead of dropping anything. Long polls are counted within this process."""

    def __init__(self, rate: str, windows: Windows) -> None:
        self._windows = windows
        self._waits: Counter[str] = Counter()
        self._work = parse(rate)
        floor = parse(ANSWERS_FLOOR)
        self._answers = max(self._work, floor, key=lambda item: item.amount / item.get_expiry())

    async def start_work(self, person_id: str) -> None:
        await self._hit(self._work, "work", person_id, "You are starting things faster than {limit} allow.")

    async def answer(self, person_id: str) -> None:
        await self._hit(
            self._answers, "answer", person_id, "You are answering faster than {limit} allow; the request stays open."
        )

    @contextmanager
    def waiting(self, person_id: str) -> Iterator[None]:
        """Hold one of the person's places for a long poll."""
        if self._waits[person_id] >= WAITS_AT_ONCE:
            raise TooMany(f"You are waiting for {WAITS_AT_ONCE} answers already; wait with fewer calls.", 1)
        self._waits[person_id] += 1
        try:
            yield
        finally:
            self._waits[person_id] -= 1
            if not self._waits[person_id]:
                del self._waits[person_id]

    async def check_sign_in(self, email: str, address: str) -> None:
        """Refuse before the password is looked at when too many attempts failed of late."""
        for item, kind, key in self._failures(email, address):
            if not await self._windows.test(item, kind, key):
                raise TooMany("Too many failed sign-ins; wait a moment.", await self._seconds_left(item, kind, key))

    async def count_failed_sign_in(self, email: str, address: str) -> None:
        for item, kind, key in self._failures(email, address):
            await self._windows.hit(item, kind, key)

    def _failures(self, email: str, address: str) -> tuple[tuple[RateLimitItem, str, str], ...]:
        return (FAILED_SIGN_INS, "sign-in", email.lower()), (FAILED_FROM_ADDRESS, "address", address)

    async def _hit(self, item: RateLimitItem, kind: str, key: str, detail: str) -> None:
        if not await self._windows.hit(item, kind, key):
            raise TooMany(
                detail.format(limit=f"{item.amount} a {item.GRANULARITY.name}"), await self._seconds_left(item, kind, key)
            )

    async def _seconds_left(self, item: RateLimitItem, kind: str, key: str) -> int:
        return max(1, math.ceil(await self._windows.seconds_left(item, kind, key)))
