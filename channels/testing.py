"""A channel for tests: it keeps what it was given and fails as told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.contract import Address, ChannelName, Question, Receipt, Words
from channels.errors import ChannelError


@dataclass
class RecordingChannel:
    """See `contract.Channel`. `failures` are raised one a call, first first; `sent`, `settled` and `said` keep the calls
    that went through. After a failure that is `unknown` the message counts as sent, as it may have been."""

    name: ChannelName = "slack"
    failures: list[ChannelError] = field(default_factory=list)
    sent: list[tuple[Question, Address, Mapping[str, Any] | None]] = field(default_factory=list)
    settled: list[tuple[Question, Address, Receipt]] = field(default_factory=list)
    said: list[tuple[Words, Address]] = field(default_factory=list)

    async def deliver(self, question: Question, to: Address, earlier: Mapping[str, Any] | None = None) -> Receipt:
        self._fail()
        self.sent.append((question, to, earlier))
        return Receipt({"n": len(self.sent)}, f"{to.account}/{len(self.sent)}", {"n": len(self.sent)})

    async def settle(self, question: Question, to: Address, receipt: Receipt) -> None:
        self._fail()
        self.settled.append((question, to, receipt))

    async def say(self, words: Words, to: Address) -> Receipt:
        self._fail()
        self.said.append((words, to))
        return Receipt({"n": len(self.said)})

    async def close(self) -> None:
        """Nothing is held."""

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)
