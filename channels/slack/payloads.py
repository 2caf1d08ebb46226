"""What all of Slack's payloads have in common: the account, the workspace, and text that can be stored."""

from collections.abc import Mapping
from typing import Any

Payload = Mapping[str, Any]


class UnreadablePayload(ValueError):
    """The payload is malformed or not ours; the message says what is missing."""


def check_text(value: Any) -> None:
    """Raises UnreadablePayload if any text, including ids, cannot be stored. Slack sends no such payloads."""
    match value:
        case str() if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise UnreadablePayload("a character that cannot be stored (NUL or half of a surrogate pair)")
        case dict():
            for name, part in value.items():
                check_text(name)
                check_text(part)
        case list():
            for part in value:
                check_text(part)


def account_of(payload: Payload) -> str:
    """`T01/U02`: the person's own workspace (or organisation) and their id in it. Raises KeyError, TypeError."""
    user = payload["user"]
    return f"{user.get('team_id') or team_of(payload)}/{user['id']}"


def team_of(payload: Payload) -> str:
    """The workspace (or organisation) the app is installed in. Raises KeyError, TypeError."""
    return str((payload.get("team") or payload.get("enterprise") or {})["id"])
