"""A post office for tests: a request, the people it is for, recording channels, and the worker's hand without its clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from backend.core.inbound import receive_answer
from backend.core.linking.linked_accounts import link_account
from backend.core.linking.presence import record_presence
from backend.core.requests.ask import Ask, ask_people
from backend.core.requests.view import shape_request
from backend.db import Tx
from backend.db.queries.deliveries import due_deliveries, list_attempts
from backend.db.queries.requests import request_by_id
from backend.domain.people import Person
from backend.domain.policy import Policy
from backend.domain.states import FeedbackType
from backend.errors import Refusal
from backend.tools.registry import registry
from backend.worker.deliver import Deliverer
from channels.contract import Channel, InboundAnswer
from channels.testing import RecordingChannel
from tests.backend.conftest import Opened
from tests.support.auditor import Books

POLICY = Policy({})
URL = "https://assent.example"
SET_UP = frozenset({"chat", "slack", "email"})


@dataclass
class Outbox:
    """`slack` and `email` record; `chat` too, for the steps that are not the first. `real` ones take their places."""

    opened: Opened
    slack: RecordingChannel = field(default_factory=RecordingChannel)
    email: RecordingChannel = field(default_factory=lambda: RecordingChannel("email"))
    chat: RecordingChannel = field(default_factory=lambda: RecordingChannel("chat"))
    real: dict[str, Channel] = field(default_factory=dict)

    @property
    def deliverer(self) -> Deliverer:
        channels: dict[str, Channel] = {"slack": self.slack, "email": self.email, "chat": self.chat, **self.real}
        return Deliverer(self.opened.db, channels, POLICY, URL, chance=lambda: 0.9)  # a retry is never due at once

    @property
    def person(self) -> Person:
        return self.opened.person

    async def link(self, *channels: str) -> None:
        for channel in channels:
            await self.opened.db.transact(link_account, self.person.id, channel, f"{channel}/dana", "Dana")

    async def come(self) -> None:
        """Open the web app."""
        await self.opened.db.transact(record_presence, "soc_1", self.person.id)

    async def ask(self, to: list[str] | None = None, type: str = "confirmation", **body: Any) -> str:
        wish = Ask(FeedbackType(type), {"title": "Deploy?", "prompt": "", **body}, to or [])
        request = await self.opened.db.transact(ask_people, self.person, wish, None)
        assert not isinstance(request, Refusal)
        return str(request["id"])

    async def deliver_due(self) -> None:
        """Do whatever is due, and what becomes due by that."""
        while due := await self.opened.db.read(due_deliveries, 100):
            for delivery_id in due:
                await self.deliverer.deliver(delivery_id)

    async def request(self, id: str) -> Mapping[str, Any]:
        return await self.opened.db.read(_shape, id)

    async def trail(self, id: str) -> list[tuple[str, str]]:
        """(channel, status) of every copy, in the order they were made."""
        return [(copy["channel"], copy["status"]) for copy in (await self.request(id))["deliveries"]]

    async def tries(self, id: str) -> list[tuple[str, str]]:
        """(verb, outcome) of every try, in order."""
        rows = await self.opened.db.read(list_attempts, id)
        return [(row.verb, row.outcome) for row in rows]

    async def answer(self, id: str, action: str = "approve", via: str = "chat", by: Person | None = None) -> Any:
        person = by or self.person
        inbound = InboundAnswer(via, person.id, id, action)  # type: ignore[arg-type]
        return await self.opened.db.transact(receive_answer, person, inbound, registry, POLICY)

    def pass_time(self, channel: str, seconds: float) -> None:
        """As if what happened on this channel had happened that much earlier."""
        earlier = round(seconds * 1000)
        times = ("sent_at", "seen_at", "next_at", "lease_until")
        moved = ", ".join(f"{name} = {name} - {earlier}" for name in times)
        assert self.opened.change(f"UPDATE deliveries SET {moved} WHERE channel = ?", channel) > 0

    def books(self) -> Books:
        """What is on disk, as the auditor reads it."""
        where = self.opened.where
        return Books(where.parent) if isinstance(where, Path) else Books(Path(), where)


def _shape(tx: Tx, id: str) -> Mapping[str, Any]:
    row = request_by_id(tx, id)
    assert row is not None
    return shape_request(tx, row)
