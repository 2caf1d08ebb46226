"""Questions on a text stream, such as a terminal's. It cannot rewrite what it wrote, so it says how a question ended."""

from collections.abc import Mapping
from typing import Any, TextIO

from channels.contract import Address, ChannelName, DeliveryReceipt, Question, TextMessage
from channels.errors import Disconnected
from channels.request_text import outcome_line, question_text


class ConsoleChannel:
    """See `contract.Channel`. Everybody shares the one stream: the account names whom a line is for."""

    name: ChannelName = "console"

    def __init__(self, out: TextIO) -> None:
        self._out = out

    async def deliver(self, question: Question, to: Address, earlier: Mapping[str, Any] | None = None) -> DeliveryReceipt:
        self._write(to, question_text(question))
        return DeliveryReceipt({"request_id": question.request["id"]})

    async def settle(
        self, question: Question, to: Address, receipt: DeliveryReceipt, earlier: Mapping[str, Any] | None = None
    ) -> None:
        self._write(to, outcome_line(question.request))

    async def send_text(self, words: TextMessage, to: Address) -> DeliveryReceipt:
        self._write(to, f"{words.author}: {words.text}")
        return DeliveryReceipt({})

    async def close(self) -> None:
        """The stream belongs to whoever opened it."""

    def _write(self, to: Address, text: str) -> None:
        try:
            self._out.write(f"[{to.account}] {text}\n")
            self._out.flush()
        except (OSError, ValueError) as error:
            raise Disconnected(f"The console is closed: {error}") from None
