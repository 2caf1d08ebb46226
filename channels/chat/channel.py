"""The web chat as a channel: notify the open tabs of a person. A tab reports when the request was seen."""

from collections.abc import Mapping
from typing import Any, Protocol

from channels.contract import Address, ChannelName, DeliveryReceipt, Question, TextMessage


class Tabs(Protocol):
    """The open tabs of a person, by the id of the person. The calls never fail: a notification is only a hint."""

    def request_opened(self, person_id: str, request: Mapping[str, Any]) -> None: ...

    def request_closed(self, person_id: str, request: Mapping[str, Any]) -> None: ...

    def notify(self, person_id: str, text: str) -> None: ...


class ChatChannel:
    """See `contract.Channel`. The account is the id of the person. Notifications are hints; the event log holds the request."""

    name: ChannelName = "chat"

    def __init__(self, tabs: Tabs) -> None:
        self._tabs = tabs

    async def deliver(self, question: Question, to: Address, earlier: Mapping[str, Any] | None = None) -> DeliveryReceipt:
        self._tabs.request_opened(to.account, question.request)
        return DeliveryReceipt({"request_id": question.request["id"]})

    async def settle(
        self, question: Question, to: Address, receipt: DeliveryReceipt, earlier: Mapping[str, Any] | None = None
    ) -> None:
        self._tabs.request_closed(to.account, question.request)

    async def send_text(self, message: TextMessage, to: Address) -> DeliveryReceipt:
        self._tabs.notify(to.account, message.text)
        return DeliveryReceipt({})

    async def close(self) -> None:
        """Holds no connections."""
