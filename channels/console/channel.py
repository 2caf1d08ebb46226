"""Questions on a text stream, such as a terminal. Lines cannot be rewritten, so the outcome is a line of its own."""

from collections.abc import Mapping
from typing import Any, TextIO

from channels.contract import Address, ChannelName, DeliveryReceipt, Question, TextMessage
from channels.errors import Disconnected
from channels.request_text import outcome_line, question_text


class ConsoleChannel:
    """See `contract.Channel`. Everyone shares one stream; each line starts with the account it is meant for."""

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

    async def send_text(self, message: TextMessage, to: Address) -> DeliveryReceipt:
        self._write(to, f"{message.author}: {message.text}")
        return DeliveryReceipt({})

    async def close(self) -> None:
        """Leave the stream open: it belongs to the caller."""

    def _write(self, to: Address, text: str) -> None:
        try:
            self._out.write(f"[{to.account}] {text}\n")
            self._out.flush()
        except (OSError, ValueError) as error:
            raise Disconnected(f"The console is closed: {error}") from None
