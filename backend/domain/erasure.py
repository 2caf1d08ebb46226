"""What is left of a request, an answer and an audit entry once their content is erased: who decided what, when, on which
channel, and a digest with which somebody who still has the content can prove it."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from backend.domain.policy import canonical

ERASED = "Erased"
_KEPT_OF_BODY = ("allowed_actions", "multiple")
_KEPT_OF_RESPONSE = ("action", "by", "via", "at", "sent_at")
# Details of audit entries that are no content: names of states, tools, channels and rules, and digests.
_KEPT_OF_AUDIT = frozenset(
    (
        "type",
        "digest",
        "decision",
        "tool",
        "status",
        "role",
        "channel",
        "version",
        "rule",
        "upto",
        "rows",
        "erased",
        "late",
        "approval",
    )
)


def digest_of(content: Any) -> str:
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def anonymized(value: Any, id: str | None = None) -> Any:
    """The value without the names of people; with `id`, without the name of that person only."""
    if isinstance(value, dict):
        bare = {key: anonymized(part, id) for key, part in value.items()}
        return bare | {"name": ERASED} if "name" in value and "id" in value and id in (None, value["id"]) else bare
    return [anonymized(part, id) for part in value] if isinstance(value, list) else value


def erased_body(body: Mapping[str, Any], at: str) -> dict[str, Any]:
    """The body of a request without its content, in the same shape."""
    timeout = body.get("on_timeout")
    left: dict[str, Any] = {name: body[name] for name in _KEPT_OF_BODY if name in body}
    left |= {"title": ERASED, "prompt": "", "requested_by": ERASED, "route": []}
    left |= {"on_timeout": timeout["action"] if isinstance(timeout, dict) else timeout}
    if action := body.get("action"):
        left["action"] = {"tool": action["tool"], "args": {}, "risk": action["risk"], "digest": action["digest"]}
    left |= {name: [] for name in ("options", "fields") if name in body}
    left |= {"checkpoint": ERASED} if "checkpoint" in body else {}
    return left | {"erased": {"digest": digest_of(body), "at": at}}


def erased_response(response: Mapping[str, Any]) -> dict[str, Any]:
    """Who answered how, when and where, without what they wrote."""
    return {name: response[name] for name in _KEPT_OF_RESPONSE if name in response}


def anonymized_response(response: Mapping[str, Any] | None, id: str) -> Any:
    """The response after the person with that id is erased: without their name, and without content if they wrote it."""
    if response is None or response["by"]["id"] != id or "erased" in response:
        return anonymized(response, id)
    return anonymized(erased_response(response), id) | {"erased": digest_of(response)}


def anonymized_deliveries(copies: Sequence[Mapping[str, Any]], id: str) -> list[dict[str, Any]]:
    """The deliveries without the errors of the person with that id, which may name an address."""
    return [{name: value for name, value in copy.items() if name != "error" or copy["person_id"] != id} for copy in copies]


def erased_detail(detail: Mapping[str, Any]) -> dict[str, Any] | None:
    """The detail of an audit entry without its content; None if it holds no content."""
    if set(detail) <= _KEPT_OF_AUDIT:
        return None
    return {name: value for name, value in detail.items() if name in _KEPT_OF_AUDIT} | {"erased": digest_of(detail)}
