"""Rate limits: how much one person may start per minute, and how many sign-in attempts are allowed. Answers have a limit of
their own, so that asking never blocks answering."""

import math
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

from limits import RateLimitItem, parse

from backend.api.http.client_address import client_network
from backend.errors import TooMany, Unavailable
from backend.messaging.rate_limits.contract import RateWindows

MIN_ANSWERS_PER_MINUTE = "120/minute"
SIGN_IN_ATTEMPTS = parse("10/minute")  # for one account, from one network or one known browser
SIGN_IN_ATTEMPTS_LONG_TERM = parse("20/hour")  # for one account, from one network
SIGN_IN_ATTEMPTS_FROM_NETWORK = parse("50/minute")  # for all accounts, from one network
SIGN_IN_ATTEMPTS_FROM_UNKNOWN_BROWSERS = parse("100/hour")  # for one account, from all unknown browsers together
TICKETS = parse("600/minute")
REFRESHES = parse("60/minute")
PROVIDER_STARTS = parse("20/minute")
MAX_LONG_POLLS = 200


class RateLimits:
    """Each method raises TooMany, with the seconds to wait, when its limit is reached. Long polls are counted per process."""

    def __init__(self, rate: str, registrations: str, rate_windows: RateWindows) -> None:
        self._windows = rate_windows
        self._waits: Counter[str] = Counter()
        self._work = parse(rate)
        self._registrations = parse(registrations)
        floor = parse(MIN_ANSWERS_PER_MINUTE)
        self._answers = max(self._work, floor, key=lambda item: item.amount / item.get_expiry())

    async def start_work(self, person_id: str) -> None:
        await self._hit(self._work, "work", person_id, "You are starting work too fast; the limit is {limit}.")

    async def answer(self, person_id: str) -> None:
        await self._hit(
            self._answers, "answer", person_id, "You are answering too fast; the limit is {limit}. The request stays open."
        )

    @contextmanager
    def long_poll(self, person_id: str) -> Iterator[None]:
        """Hold one of the person's long-poll slots."""
        if self._waits[person_id] >= MAX_LONG_POLLS:
            raise TooMany(f"You are waiting for {MAX_LONG_POLLS} answers already; use fewer calls at once.", 1)
        self._waits[person_id] += 1
        try:
            yield
        finally:
            self._waits[person_id] -= 1
            if not self._waits[person_id]:
                del self._waits[person_id]

    async def register(self, address: str) -> None:
        await self._hit(
            self._registrations, "register", client_network(address), "Too many accounts were created from this address."
        )

    async def ticket(self, person_id: str) -> None:
        await self._hit(TICKETS, "ticket", person_id, "You are requesting tickets too fast; the limit is {limit}.")

    async def refresh(self, sign_in_id: str) -> None:
        await self._hit(
            REFRESHES,
            "refresh",
            sign_in_id,
            "You are refreshing tokens too fast; the limit is {limit}. A token lasts 15 minutes.",
        )

    async def provider_start(self, person_id: str) -> None:
        await self._hit(
            PROVIDER_STARTS, "provider", person_id, "You have started too many sign-ins with a provider; the limit is {limit}."
        )

    def sign_in(self, account: str, address: str, browser: str | None) -> AbstractAsyncContextManager[None]:
        """Count a sign-in attempt: for the account and network, for the network, and for the account from all unknown browsers.
        A known browser of the account has a limit of its own, which other people cannot use up."""
        if browser is not None:
            return self._attempt((SIGN_IN_ATTEMPTS, "known browser", f"{browser} {account}"))
        place = client_network(address)
        return self._attempt(
            (SIGN_IN_ATTEMPTS_FROM_NETWORK, "place", place),
            (SIGN_IN_ATTEMPTS, "account at place", f"{account} {place}"),
            (SIGN_IN_ATTEMPTS_LONG_TERM, "account at place, at length", f"{account} {place}"),
            (SIGN_IN_ATTEMPTS_FROM_UNKNOWN_BROWSERS, "account", account),
        )

    def check_own_password(self, sign_in_id: str) -> AbstractAsyncContextManager[None]:
        """Count an attempt to confirm one's own password."""
        return self._attempt((SIGN_IN_ATTEMPTS, "own password", sign_in_id))

    @asynccontextmanager
    async def _attempt(self, *rate_windows: tuple[RateLimitItem, str, str]) -> AsyncIterator[None]:
        """Count the attempt before the password is checked, so that parallel attempts are limited like sequential ones, and undo
        the count unless the password was wrong. Raises TooMany."""
        counted: list[tuple[RateLimitItem, str, str]] = []
        for window in rate_windows:
            if not await self._windows.hit(*window):
                await self._undo(counted)
                raise TooMany("Too many failed sign-ins; wait a moment.", await self._seconds_left(*window))
            counted.append(window)
        try:
            yield
        except (Unavailable, TooMany):
            await self._undo(counted)
            raise
        await self._undo(counted)

    async def _undo(self, counted: list[tuple[RateLimitItem, str, str]]) -> None:
        for window in counted:
            await self._windows.undo(*window)

    async def _hit(self, item: RateLimitItem, kind: str, key: str, detail: str) -> None:
        if not await self._windows.hit(item, kind, key):
            raise TooMany(
                detail.format(limit=f"{item.amount} a {item.GRANULARITY.name}"), await self._seconds_left(item, kind, key)
            )

    async def _seconds_left(self, item: RateLimitItem, kind: str, key: str) -> int:
        return max(1, math.ceil(await self._windows.seconds_left(item, kind, key)))
