"""Payloads as Slack sends them."""

import json
from typing import Any

BOT = "U0BOT"


def clicked(verb: str, value: str = "req_1 3", **more: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": "U1", "team_id": "T1"},
        "container": {"channel_id": "D1", "message_ts": "1.2"},
        "trigger_id": "t",
        "actions": [{"action_id": verb, "value": value, "action_ts": "9.9"}],
        **more,
    }


def sent(verb: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    metadata = json.dumps({"verb": verb, "token": "req_1 3", "channel": "D1", "ts": "1.2"})
    view = {
        "id": "V1",
        "hash": "h",
        "type": "modal",
        "callback_id": "answer",
        "private_metadata": metadata,
        "state": {"values": values},
    }
    return {"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U1", "team_id": "T1"}, "view": view, **more}


def event(text: str = "hello", **more: Any) -> dict[str, Any]:
    said = {"type": "message", "user": "U1", "text": text, "channel": "D1", "channel_type": "im", "ts": "1.5", **more}
    return {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": said}


def entered(**fields: Any) -> dict[str, Any]:
    return {f"field {place}": {"value": given} for place, given in enumerate(fields.values())}


def calling(**args: Any) -> dict[str, Any]:
    return {"action": {"args": args}}
