"""The web chat as a channel: whoever has the web app open is told; whether anybody looks is known when a tab says so."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from channels.contract import Address, ChannelName, Question, Receipt, Words

Publisher = Callable[[str, str], None]  # (person's id, one JSON frame) to every open tab of that person; never fails


class ChatChannel:
    """See `contract.Channel`. The account is the person's id. What is published is a hint: the event log holds the request."""

    name: ChannelName = "chat"

    def __init__(self, publish: Publisher) -> None:
        self._publish = publish

    async def deliver(self, question: Question, to: Address, earlier: Mapping[str, Any] | None = None) -> Receipt:
        self._tell(to, "feedback_requested", request=question.request)
        return Receipt({"request_id": question.request["id"]})

    async def settle(self, question: Question, to: Address, receipt: Receipt, earlier: Mapping[str, Any] | None = None) -> None:
        self._tell(to, "feedback_resolved", request=question.request)

    async def say(self, words: Words, to: Address) -> Receipt:
        self._tell(to, "notice", content=words.text)
        return Receipt({})

    async def close(self) -> None:
        """Nothing is held."""

    def _tell(self, to: Address, type: str, **members: Any) -> None:
        request = members.get("request")
        frame = {"type": type, **({"session_id": request["session_id"]} if request else {}), **members}
        self._publish(to.account, json.dumps(frame, ensure_ascii=False, separators=(",", ":")))
