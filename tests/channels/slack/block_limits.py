"""Slack's limits as data, and a checker for every message we send. Source: the Block Kit reference."""

from collections.abc import Iterator
from typing import Any

BLOCKS = {"message": 50, "modal": 100}
TEXTS: dict[tuple[str, str], int] = {
    ("header", "text"): 150,
    ("section", "text"): 3000,
    ("field", "text"): 2000,
    ("button", "text"): 75,
    ("option", "text"): 75,
    ("select", "placeholder"): 150,
    ("input", "label"): 2000,
    ("input", "hint"): 2000,
    ("modal", "title"): 24,
    ("modal", "submit"): 24,
    ("modal", "close"): 24,
    ("confirm", "title"): 100,
    ("confirm", "text"): 300,
    ("confirm", "confirm"): 30,
    ("confirm", "deny"): 30,
    ("context", "text"): 2000,
}
STRINGS = {"block_id": 255, "action_id": 255, "value": 2000, "private_metadata": 3000, "callback_id": 255}
FIELDS, ELEMENTS, CONTEXTS, OPTIONS, RADIOS, INPUT = 10, 25, 10, 100, 10, 3000
MESSAGE_TEXT, MESSAGE_TOTAL, MODAL_TOTAL, METADATA = 4000, 12_000, 250_000, 8_000


def size(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def broken(thing: dict[str, Any]) -> list[str]:
    """Every limit that a message or a modal breaks."""
    return list(_modal(thing) if thing.get("type") == "modal" else _message(thing))


def _message(message: dict[str, Any]) -> Iterator[str]:
    if not 0 < size(message["text"]) <= MESSAGE_TEXT:
        yield f"text of {size(message['text'])}"
    yield from _blocks(message["blocks"], BLOCKS["message"])
    if (total := sum(size(text) for text in texts(message["blocks"]))) > MESSAGE_TOTAL:
        yield f"{total} in all"


def _modal(view: dict[str, Any]) -> Iterator[str]:
    for name in ("title", "submit", "close"):
        if name in view:
            yield from _text(view[name], "modal", name)
    yield from _strings(view)
    yield from _blocks(view["blocks"], BLOCKS["modal"])
    if any(block["type"] == "input" for block in view["blocks"]) != ("submit" in view):
        yield "inputs need a submit, and only they"


def _blocks(blocks: list[dict[str, Any]], most: int) -> Iterator[str]:
    if not 0 < len(blocks) <= most:
        yield f"{len(blocks)} blocks"
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)):
        yield "a block_id twice"
    for block in blocks:
        yield from _strings(block)
        yield from KINDS[block["type"]](block)


def _header(block: dict[str, Any]) -> Iterator[str]:
    if block["text"]["type"] != "plain_text":
        yield "a header is plain text"
    yield from _text(block["text"], "header", "text")


def _section(block: dict[str, Any]) -> Iterator[str]:
    if ("text" in block) == ("fields" in block):
        yield "a section of ours has text or fields"
    if "text" in block:
        yield from _text(block["text"], "section", "text")
    if "fields" in block:
        if not 0 < len(block["fields"]) <= FIELDS:
            yield f"{len(block['fields'])} fields"
        for field in block["fields"]:
            yield from _text(field, "field", "text")


def _context(block: dict[str, Any]) -> Iterator[str]:
    if not 0 < len(block["elements"]) <= CONTEXTS:
        yield "context elements"
    for element in block["elements"]:
        yield from _text(element, "context", "text")


def _actions(block: dict[str, Any]) -> Iterator[str]:
    elements = block["elements"]
    if not 0 < len(elements) <= ELEMENTS:
        yield f"{len(elements)} elements"
    if len({element["action_id"] for element in elements}) != len(elements):
        yield "an action_id twice"
    for element in elements:
        yield from _element(element)


def _input(block: dict[str, Any]) -> Iterator[str]:
    yield from _text(block["label"], "input", "label")
    if "hint" in block:
        yield from _text(block["hint"], "input", "hint")
    yield from _element(block["element"])


def _element(element: dict[str, Any]) -> Iterator[str]:
    yield from _strings(element)
    if element["type"] == "button":
        yield from _text(element["text"], "button", "text")
        for name in ("title", "text", "confirm", "deny") if "confirm" in element else ():
            yield from _text(element["confirm"][name], "confirm", name)
    if "placeholder" in element:
        yield from _text(element["placeholder"], "select", "placeholder")
    if "options" in element:
        yield from _options(element)
    if size(str(element.get("initial_value", ""))) > INPUT or element.get("max_length", 0) > INPUT:
        yield "an input longer than it may be"
    if element["type"].endswith("_input") and element.get("initial_value") == "":
        yield "an empty initial value"


def _options(element: dict[str, Any]) -> Iterator[str]:
    options = element["options"]
    if not 0 < len(options) <= (RADIOS if element["type"] == "radio_buttons" else OPTIONS):
        yield f"{len(options)} options"
    if len({option["value"] for option in options}) != len(options):
        yield "an option twice"
    for option in options:
        yield from _text(option["text"], "option", "text")
        yield from _strings(option)
    chosen = element.get("initial_options", [element["initial_option"]] if "initial_option" in element else [])
    if any(option not in options for option in chosen):
        yield "an initial option that is none"


def _text(text: dict[str, Any], where: str, name: str) -> Iterator[str]:
    if not 0 < size(text["text"]) <= TEXTS[where, name]:
        yield f"{where} {name} of {size(text['text'])}"


def _strings(part: dict[str, Any]) -> Iterator[str]:
    for name, most in STRINGS.items():
        if (name in part and not (name == "private_metadata" or part[name])) or size(str(part.get(name, ""))) > most:
            yield f"{name} of {size(str(part.get(name, '')))}"


def texts(part: Any) -> Iterator[str]:
    """Every text that is shown."""
    if isinstance(part, dict):
        if isinstance(part.get("text"), str):
            yield part["text"]
        for value in part.values():
            yield from texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from texts(value)


KINDS = {"section": _section, "actions": _actions, "context": _context, "input": _input, "header": _header}
