"""`make campaign`: a person's first channel fails in every way it can, thousands of times; how many questions arrive by the
next one. Through the worker's own code, on a database of its own, without waiting: due times are moved, not sat out."""

import argparse
import asyncio
import logging
import math
import random
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.core.linking.linked_accounts import link_account
from backend.core.people.accounts import add_person
from backend.core.requests.ask import Ask, ask_people
from backend.db import Tx
from backend.db.factory import open_database
from backend.db.migrate import migrate
from backend.db.queries.deliveries import due_deliveries
from backend.domain.people import Person
from backend.domain.policy import Policy
from backend.domain.states import FeedbackType
from backend.errors import Refusal
from backend.observability.log import configure
from backend.worker.deliver import Deliverer
from channels.contract import Address, DeliveryReceipt, Question
from channels.errors import ChannelError, Disconnected, Rejected, Retryable
from channels.testing import RecordingChannel
from tests.support.auditor import Books

# What the first channel does, every time it is tried for a request; as Slack's client tells it.
FAULTS: dict[str, Callable[[], ChannelError]] = {
    "429, Retry-After 3600": lambda: Retryable("slow down", "ratelimited", after=3600),
    "429, Retry-After 5": lambda: Retryable("slow down", "ratelimited", after=5),
    "429, nothing said": lambda: Retryable("slow down", "ratelimited"),
    "500": lambda: Retryable("a problem of its own", "500", unknown=True),
    "cannot be reached": lambda: Retryable("cannot be reached", "ClientConnectorError"),
    "time-out after it was sent": lambda: Retryable("no answer", "TimeoutError", unknown=True),
    "garbage instead of JSON": lambda: Retryable("not an answer", "not_json", unknown=True),
    "invalid_auth": lambda: Disconnected("the token is not valid", "invalid_auth"),
    "token_revoked": lambda: Disconnected("the token was revoked", "token_revoked"),
    "channel_not_found": lambda: Rejected("there is no such conversation", "channel_not_found"),
}
SENT_ALL_THE_SAME = "time-out after it was sent"
ROUTE = [{"channel": "slack", "wait_seconds": 3600}, {"channel": "email", "wait_seconds": 3600}]
AT_ONCE, BATCH = 16, 200
SKIP_WAITS = "UPDATE deliveries SET next_at = 0 WHERE status = 'retry_wait'"


class Broken(RecordingChannel):
    """Fails for each request as it was told to."""

    def __init__(self) -> None:
        super().__init__("slack")
        self.faults: dict[str, str] = {}
        self.tried: Counter[str] = Counter()

    async def deliver(self, question: Question, to: Address, earlier: Mapping[str, Any] | None = None) -> DeliveryReceipt:
        request_id = question.request["id"]
        self.tried[request_id] += 1
        if self.faults[request_id] == SENT_ALL_THE_SAME:
            await super().deliver(question, to, earlier)
        raise FAULTS[self.faults[request_id]]()


@dataclass
class Result:
    """Request ids by the fault they met: `injected`, of which `reached` somebody through the next channel; `lost` neither
    did nor are dead letters. `findings` is what the auditor says of the tables."""

    injected: dict[str, str] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    findings: list[str] = field(default_factory=list)

    @property
    def at_least(self) -> float:
        """The share that is reached, at 95 % confidence, at least."""
        return lower_bound(len(self.injected), len(self.injected) - len(self.reached))

    def __str__(self) -> str:
        count = Counter(self.injected.values())
        arrived = Counter(fault for request_id, fault in self.injected.items() if request_id in self.reached)
        lines = [f"{fault:<28}{count[fault]:6} injected {arrived[fault]:6} reached by the next channel" for fault in FAULTS]
        share = len(self.reached) / len(self.injected)
        lines.append(f"{'all':<28}{len(self.injected):6} injected {len(self.reached):6} reached by the next channel")
        lines.append(f"share {share:.4%}, at 95 % confidence at least {self.at_least:.4%}; lost: {len(self.lost)}")
        return "\n".join([*lines, *self.findings])


def lower_bound(tries: int, failures: int, doubt: float = 0.05) -> float:
    """The least share of successes under which so few failures are still as likely as `doubt` (exact, one-sided). Without
    failures that is the rule of three: 1 - 3 / tries."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(failures, tries, 1 - middle) < doubt:
            low = middle
        else:
            high = middle
    return low


def _at_most(failures: int, tries: int, chance: float) -> float:
    """The probability of at most so many failures."""
    if not 0 < chance < 1:
        return float(chance <= 0 or failures >= tries)
    return math.fsum(
        math.exp(
            math.lgamma(tries + 1)
            - math.lgamma(n + 1)
            - math.lgamma(tries - n + 1)
            + n * math.log(chance)
            + (tries - n) * math.log1p(-chance)
        )
        for n in range(failures + 1)
    )


class Campaign:
    """One database in `folder`, one person, two channels."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._path = folder, folder / "assent.db"
        migrate(self._path)
        self._db = open_database(self._path, lambda _: None)
        self._first, self._next = Broken(), RecordingChannel("email")
        channels = {"slack": self._first, "email": self._next}
        self._carrier = Deliverer(self._db, channels, Policy({}), "https://assent.example")
        self._random = random.Random(seed)
        self._person = Person("", "")

    def break_the_next_channel(self, times: int) -> None:
        """So that what is not reached is seen to be counted."""
        self._next.failures += [Rejected("mailbox full")] * times

    async def run(self, failures: int) -> Result:
        self._person = await self._db.transact(_introduce)
        try:
            while (left := failures - len(self._first.faults)) > 0:
                await asyncio.gather(*(self._ask() for _ in range(min(BATCH, left))))
                await self._carry()
        finally:
            await asyncio.to_thread(self._db.close)
        return self._result()

    async def _ask(self) -> None:
        wish = Ask(FeedbackType.CONFIRMATION, {"title": "Deploy?", "prompt": "", "route": ROUTE})
        request = await self._db.transact(ask_people, self._person, wish, None)
        assert not isinstance(request, Refusal)
        self._first.faults[request["id"]] = self._random.choice(list(FAULTS))

    async def _carry(self) -> None:
        """What is due, and what becomes due by that or by time passing, until nothing is left to do."""
        room = asyncio.Semaphore(AT_ONCE)

        async def carry(delivery_id: str) -> None:
            async with room:
                await self._carrier.deliver(delivery_id)

        while True:
            due = await self._db.read(due_deliveries, BATCH)
            if not due and not self._skip_waits():
                return
            await asyncio.gather(*map(carry, due))

    def _skip_waits(self) -> int:
        with closing(sqlite3.connect(self._path, timeout=10)) as connection, connection:
            return connection.execute(SKIP_WAITS).rowcount

    def _result(self) -> Result:
        books = Books(self._folder)
        sent = {question.request["id"] for question, _, _ in self._next.sent}
        kept = {copy["request_id"] for copy in books.copies if copy["channel"] == "email" and copy["status"] == "sent"}
        dead = {row["id"] for row in books.requests if row["dead_letter"]}
        injected = {id: fault for id, fault in self._first.faults.items() if self._first.tried[id]}
        reached = (sent & kept) - dead
        return Result(injected, reached & set(injected), set(self._first.faults) - reached - dead, list(books.findings()))


def _introduce(tx: Tx) -> Person:
    added = add_person(tx, email="dana@example.org", password_hash="-", name="Dana", role="member")
    person = Person(str(added["id"]), "Dana")
    for channel in ("slack", "email"):
        link_account(tx, person.id, channel, f"{channel}/dana", "Dana")
    return person


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.campaign", description=__doc__)
    parser.add_argument("--failures", type=int, default=3000, help="how many failures are injected")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    given = parser.parse_args()
    configure("auto", logging.ERROR)
    print(f"seed {given.seed}")
    with tempfile.TemporaryDirectory() as folder:
        result = asyncio.run(Campaign(Path(folder), given.seed).run(given.failures))
    print(result)
    if result.lost or result.findings or len(result.injected) != given.failures:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
