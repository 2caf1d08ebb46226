"""How much one person may start in a minute, and how often anybody may guess. Answers have a budget of their own, so that
asking never blocks answering."""

import math
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

from limits import RateLimitItem, parse

from backend.api.http.client_address import place_of
from backend.errors import TooMany, Unavailable
from backend.messaging.rate_limits.contract import RateWindows

ANSWERS_FLOOR = "120/minute"
GUESSES = parse("10/minute")  # of one account's password: from one place, or in one known browser
GUESSES_AT_LENGTH = parse("20/hour")  # of one account's, from one place
GUESSES_FROM_PLACE = parse("50/minute")  # of anybody's
GUESSES_OF_STRANGERS = parse("100/hour")  # of one account's, from everywhere together
TICKETS = parse("600/minute")
REFRESHES = parse("60/minute")
PROVIDER_STARTS = parse("20/minute")
WAITS_AT_ONCE = 200


class RateLimits:
    """Raises TooMany, with the seconds to wait, instead of dropping anything. Long polls are counted within this process."""

    def __init__(self, rate: str, registrations: str, windows: RateWindows) -> None:
        self._windows = windows
        self._waits: Counter[str] = Counter()
        self._work = parse(rate)
        self._registrations = parse(registrations)
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

    async def register(self, address: str) -> None:
        await self._hit(self._registrations, "register", place_of(address), "There were too many new accounts from here.")

    async def ticket(self, person_id: str) -> None:
        await self._hit(TICKETS, "ticket", person_id, "You are asking for tickets faster than {limit} allow.")

    async def refresh(self, sign_in_id: str) -> None:
        await self._hit(
            REFRESHES, "refresh", sign_in_id, "You are refreshing faster than {limit} allow; a token lasts 15 minutes."
        )

    async def provider_start(self, person_id: str) -> None:
        await self._hit(PROVIDER_STARTS, "provider", person_id, "You have begun too often; {limit} are enough.")

    def sign_in(self, account: str, address: str, browser: str | None) -> AbstractAsyncContextManager[None]:
        """Hold a guess of a password: the account's where it comes from, the place's, and the account's from all strangers
        together. A browser the account is known in has a budget of its own, which no stranger can spend."""
        if browser is not None:
            return self._guess((GUESSES, "known browser", f"{browser} {account}"))
        place = place_of(address)
        return self._guess(
            (GUESSES_FROM_PLACE, "place", place),
            (GUESSES, "account at place", f"{account} {place}"),
            (GUESSES_AT_LENGTH, "account at place, at length", f"{account} {place}"),
            (GUESSES_OF_STRANGERS, "account", account),
        )

    def prove_password(self, sign_in_id: str) -> AbstractAsyncContextManager[None]:
        """Hold a guess of one's own password."""
        return self._guess((GUESSES, "own password", sign_in_id))

    @asynccontextmanager
    async def _guess(self, *windows: tuple[RateLimitItem, str, str]) -> AsyncIterator[None]:
        """Count before the password is looked at, so that many at once are no more than one after the other; what was no
        wrong guess is given back. Raises TooMany."""
        counted: list[tuple[RateLimitItem, str, str]] = []
        for window in windows:
            if not await self._windows.hit(*window):
                await self._give_back(counted)
                raise TooMany("Too many failed sign-ins; wait a moment.", await self._seconds_left(*window))
            counted.append(window)
        try:
            yield
        except (Unavailable, TooMany):
            await self._give_back(counted)
            raise
        await self._give_back(counted)

    async def _give_back(self, counted: list[tuple[RateLimitItem, str, str]]) -> None:
        for window in counted:
            await self._windows.give_back(*window)

    async def _hit(self, item: RateLimitItem, kind: str, key: str, detail: str) -> None:
        if not await self._windows.hit(item, kind, key):
            raise TooMany(
                detail.format(limit=f"{item.amount} a {item.GRANULARITY.name}"), await self._seconds_left(item, kind, key)
            )

    async def _seconds_left(self, item: RateLimitItem, kind: str, key: str) -> int:
        return max(1, math.ceil(await self._windows.seconds_left(item, kind, key)))
