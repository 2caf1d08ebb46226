"""Questions of every type as a program asks them over HTTP, and the answers that fit."""

from typing import Any

from tests.support.person import Person

ASKS: dict[str, dict[str, Any]] = {
    "confirmation": {"action": {"tool": "deploy", "args": {"to": "production", "version": 7}, "risk": "high"}},
    "choice": {"options": [{"value": "a", "label": "Apple"}, {"value": "b", "label": "Banana", "description": "yellow"}]},
    "text": {},
    "form": {"fields": [{"name": "n", "type": "integer"}, {"name": "why", "type": "long_text", "required": False}]},
    "checkpoint": {"checkpoint": "after_planning", "context": {"artifact": "# Plan"}},
}


def ask(person: Person, type: str = "text", **more: Any) -> dict[str, Any]:
    """A request filed by `person` with the parts its type needs."""
    reply = person.http.post("/api/feedback", json=asking(type, **more))
    assert reply.status_code == 201, reply.text
    request: dict[str, Any] = reply.json()
    return request


def asking(type: str = "text", **more: Any) -> dict[str, Any]:
    """The body of such a request."""
    return {"type": type, "title": f"A {type}?", **ASKS[type], **more}


def question(request: dict[str, Any]) -> dict[str, Any]:
    """The request without how far its copies have come, which goes on by itself."""
    return {name: value for name, value in request.items() if name not in ("deliveries", "dead_letter")}
