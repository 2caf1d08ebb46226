"""One request of each type, and the parser that reads replies to them."""

from functools import partial
from typing import Any

from channels.email.grammar import decision

understand = partial(decision.parse_reply, names=frozenset({"dana", "lee"}))


OPTIONS = [{"value": "s", "label": "Small"}, {"value": "m", "label": "Medium"}, {"value": "10", "label": "10"}]


FIELDS = [
    {"name": "name", "type": "text", "description": "", "required": True},
    {"name": "seats", "type": "integer", "description": "", "required": True},
    {"name": "vegan", "type": "boolean", "description": "", "required": False},
    {"name": "size", "type": "enum", "description": "", "required": False, "options": OPTIONS},
    {"name": "extras", "type": "multi_enum", "description": "", "required": False, "options": OPTIONS},
    {"name": "day", "type": "date", "description": "", "required": False},
    {"name": "contact", "type": "email", "description": "", "required": False},
    {"name": "note", "type": "long_text", "description": "", "required": False},
]


ARGS = {"amount": 120, "to": "Bob", "rate": 1.5, "urgent": False, "tags": ["a"]}


ACTIONS = {
    "confirmation": ["approve", "reject", "edit"],
    "choice": ["submit", "decline"],
    "text": ["submit", "decline"],
    "form": ["submit", "decline"],
    "checkpoint": ["continue", "stop", "revise", "skip"],
}


def asked(type: str, **more: Any) -> dict[str, Any]:
    return {"type": type, "allowed_actions": ACTIONS[type], **more}


CONFIRMATION = asked("confirmation", action={"tool": "pay", "args": ARGS, "risk": "medium"})


CHOICE = asked("choice", options=OPTIONS, multiple=False)


CHOICES = asked("choice", options=OPTIONS, multiple=True)


FORM = asked("form", fields=FIELDS)


TEXT = asked("text")


CHECKPOINT = asked("checkpoint")
