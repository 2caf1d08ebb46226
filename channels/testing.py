"""Channels for tests: they record what they were given and fail on demand."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.contract import Address, ChannelName, DeliveryReceipt, Question, StreamedText, TextMessage
from channels.errors import ChannelError


@dataclass
class RecordingChannel:
    """See `contract.Channel`. Each call raises the next of `failures`; `sent`, `settled` and `texts` record the calls that
    succeeded."""

    name: ChannelName = "slack"
    failures: list[ChannelError] = field(default_factory=list)
    sent: list[tuple[Question, Address, Mapping[str, Any] | None]] = field(default_factory=list)
    settled: list[tuple[Question, Address, DeliveryReceipt, Mapping[str, Any] | None]] = field(default_factory=list)
    texts: list[tuple[TextMessage, Address]] = field(default_factory=list)

    async def deliver(self, question: Question, to: Address, earlier: Mapping[str, Any] | None = None) -> DeliveryReceipt:
        self._fail()
        self.sent.append((question, to, earlier))
        return DeliveryReceipt({"n": len(self.sent)}, f"{to.account}/{len(self.sent)}", {"n": len(self.sent)})

    async def settle(
        self, question: Question, to: Address, receipt: DeliveryReceipt, earlier: Mapping[str, Any] | None = None
    ) -> None:
        self._fail()
        self.settled.append((question, to, receipt, earlier))

    async def send_text(self, message: TextMessage, to: Address) -> DeliveryReceipt:
        self._fail()
        self.texts.append((message, to))
        return DeliveryReceipt({"n": len(self.texts)})

    async def close(self) -> None:
        """Holds no connections."""

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


@dataclass
class RecordingStreamingChannel(RecordingChannel):
    """See `contract.StreamingChannel`. `shown` records each partial text with the ref it was shown under, `typing` each
    change of the typing indicator, `finished` each finished reply. `on_partial` is called before a partial text is shown."""

    shown: list[tuple[str, Mapping[str, Any] | None]] = field(default_factory=list)
    typing: list[bool] = field(default_factory=list)
    finished: list[tuple[TextMessage, Mapping[str, Any] | None, Mapping[str, Any] | None]] = field(default_factory=list)
    on_partial: Callable[[], Awaitable[None]] | None = None

    async def set_typing(self, to: Address, busy: bool) -> None:
        self._fail()
        self.typing.append(busy)

    async def show_partial(self, message: TextMessage, to: Address, shown: StreamedText | None) -> StreamedText:
        if self.on_partial is not None:
            await self.on_partial()
        self._fail()
        self.shown.append((message.text, shown.ref if shown else None))
        return shown or StreamedText({"of": message.id})

    async def finish_reply(
        self, message: TextMessage, to: Address, ref: Mapping[str, Any] | None, earlier: Mapping[str, Any] | None
    ) -> DeliveryReceipt:
        self._fail()
        self.finished.append((message, ref, earlier))
        return DeliveryReceipt(ref or {"of": message.id})
