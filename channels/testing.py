"""A channel for tests: it keeps what it was given and fails as told."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.contract import Address, ChannelName, Question, Receipt, ShownReply, TextMessage
from channels.errors import ChannelError


@dataclass
class RecordingChannel:
    """See `contract.Channel`. `failures` are raised one a call, first first; `sent`, `settled` and `said` keep the calls
    that went through. After a failure that is `unknown` the message counts as sent, as it may have been."""

    name: ChannelName = "slack"
    failures: list[ChannelError] = field(default_factory=list)
    sent: list[tuple[Question, Address, Mapping[str, Any] | None]] = field(default_factory=list)
    settled: list[tuple[Question, Address, Receipt, Mapping[str, Any] | None]] = field(default_factory=list)
    said: list[tuple[TextMessage, Address]] = field(default_factory=list)

    async def deliver(self, question: Question, to: Address, earlier: Mapping[str, Any] | None = None) -> Receipt:
        self._fail()
        self.sent.append((question, to, earlier))
        return Receipt({"n": len(self.sent)}, f"{to.account}/{len(self.sent)}", {"n": len(self.sent)})

    async def settle(self, question: Question, to: Address, receipt: Receipt, earlier: Mapping[str, Any] | None = None) -> None:
        self._fail()
        self.settled.append((question, to, receipt, earlier))

    async def say(self, words: TextMessage, to: Address) -> Receipt:
        self._fail()
        self.said.append((words, to))
        return Receipt({"n": len(self.said)})

    async def close(self) -> None:
        """Nothing is held."""

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


@dataclass
class RecordingStreamingChannel(RecordingChannel):
    """See `contract.ShowingChannel`. `shown` keeps each text with the ref it was shown under, `thoughts` whether the agent
    was at work, `finished` what replaced what. `on_show` is called before each showing."""

    shown: list[tuple[str, Mapping[str, Any] | None]] = field(default_factory=list)
    thoughts: list[bool] = field(default_factory=list)
    finished: list[tuple[TextMessage, Mapping[str, Any] | None, Mapping[str, Any] | None]] = field(default_factory=list)
    on_show: Callable[[], Awaitable[None]] | None = None

    async def think(self, to: Address, busy: bool) -> None:
        self._fail()
        self.thoughts.append(busy)

    async def show(self, words: TextMessage, to: Address, shown: ShownReply | None) -> ShownReply:
        if self.on_show is not None:
            await self.on_show()
        self._fail()
        self.shown.append((words.text, shown.ref if shown else None))
        return shown or ShownReply({"of": words.id})

    async def finish(
        self, words: TextMessage, to: Address, ref: Mapping[str, Any] | None, earlier: Mapping[str, Any] | None
    ) -> Receipt:
        self._fail()
        self.finished.append((words, ref, earlier))
        return Receipt(ref or {"of": words.id})
