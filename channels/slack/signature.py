"""Authenticate calls over HTTP by Slack's signature, before anything is parsed."""

import json
from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import Any
from urllib.parse import parse_qs

from slack_sdk.signature import SignatureVerifier

from channels.slack.payloads import check_text
from channels.webhooks import WebhookRejected

MAX_AGE_S = 300
_FORM = "application/x-www-form-urlencoded"


class SignedWebhook:
    """Verifies the signature over the unmodified body, and its age, before parsing."""

    def __init__(self, signing_secret: str, now: Callable[[], float]) -> None:
        if not signing_secret:
            raise ValueError("an empty signing secret would accept calls from anyone")
        self._secret, self._now = signing_secret, now

    def read(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """Return the payload of a call that Slack signed within the last five minutes. Raises WebhookRejected."""
        self._verify(headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", ""), body)
        try:
            payload = _parse(headers.get("content-type", ""), body.decode())
            check_text(payload)
        except (ValueError, RecursionError):
            raise WebhookRejected("The body is not an event, an interaction or a command.", authentic=True) from None
        return payload

    def _verify(self, timestamp: str, signature: str, body: bytes) -> None:
        number = timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12
        if not number or abs(self._now() - int(timestamp)) > MAX_AGE_S:
            raise WebhookRejected(
                "The request's timestamp is missing, not a number, or more than five minutes off.", authentic=False
            )
        try:
            expected = SignatureVerifier(self._secret).generate_signature(timestamp=timestamp, body=body)
        except UnicodeDecodeError:
            expected = None
        if expected is None or not _same(expected, signature):
            raise WebhookRejected("The request's signature is missing or wrong.", authentic=False)


def _same(expected: str, given: str) -> bool:
    return compare_digest(expected.encode(), given.encode("utf-8", "surrogateescape"))


def _parse(content_type: str, body: str) -> dict[str, Any]:
    """Raises ValueError."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return _shaped(json.loads(body))
    if kind != _FORM:
        raise ValueError("neither JSON nor a form")
    form = {name: values[0] for name, values in parse_qs(body, max_num_fields=50).items()}
    if "payload" in form:
        return _shaped(json.loads(form["payload"]))
    if "command" not in form:
        raise ValueError("a form without payload or command")
    return {**form}


def _shaped(payload: Any) -> dict[str, Any]:
    """Check the structure that every Slack payload has. Raises ValueError."""
    if not isinstance(payload, dict) or not isinstance(payload.get("type"), str):
        raise ValueError("not a payload")
    if payload["type"] == "event_callback":
        event = payload.get("event")
        if not isinstance(event, dict) or not isinstance(event.get("type"), str) or not isinstance(payload.get("event_id"), str):
            raise ValueError("not an event")
    elif payload["type"] != "url_verification" and not _is_interaction(payload):
        raise ValueError("not an interaction")
    return payload


def _is_interaction(payload: dict[str, Any]) -> bool:
    actions, view = payload.get("actions", []), payload.get("view")
    named = isinstance(actions, list) and all(
        isinstance(action, dict) and isinstance(action.get("action_id"), str) for action in actions
    )
    if payload["type"] == "block_actions" and not actions:
        return False
    window = view is None or (isinstance(view, dict) and isinstance(view.get("callback_id"), str))
    return named and window and isinstance(payload.get("user"), dict)
