"""The agent's reply in Slack: as blocks that can be rewritten, or as a stream that can only grow."""

from typing import Any

from channels.contract import TextMessage
from channels.sanitize import escape_invisible, utf16_length
from channels.slack.blocks import MAX_TEXT, Block, section
from channels.slack.mrkdwn import to_mrkdwn

EVENT = "assent_words"
MAX_TEXT_MESSAGE = 39_000  # Slack cuts at 40,000
MAX_SUMMARY = 3_500  # chat.update takes at most 4,000
MAX_SHOWN = 11_500  # blocks of a little over 13,000 in all are refused
MAX_APPENDED = 12_000
UNFINISHED, SHORTENED = "_…_", "_Read the rest in the web app._"
FENCE = "```"
_WIDE = 10**6
Message = dict[str, Any]


def text_message_of(message: TextMessage) -> Message:
    """Return `{text, metadata}` of a new message."""
    return {"text": to_mrkdwn(message.text, MAX_TEXT_MESSAGE) or "–", **_mark(message)}


def message_of_reply(message: TextMessage, *, unfinished: bool = False) -> Message:
    """Return `{text, blocks, metadata}` of a message that is rewritten as the reply grows, within Slack's limits for edits."""
    sections = [section(part) for part in _parts_that_fit([to_mrkdwn(part, MAX_TEXT) for part in split(message.text)])]
    if unfinished:
        sections.append(section(UNFINISHED))
    blocks: list[Block] = [each | {"block_id": f"{message.id} {n}"} for n, each in enumerate(sections)]
    return {"text": to_mrkdwn(message.text, MAX_SUMMARY) or "–", "blocks": blocks, **_mark(message)}


def stream_text(markdown: str) -> str:
    """Escape Markdown for a stream: no mentions and no hidden links. The result for a prefix stays the same as it grows."""
    return escape_invisible(markdown).replace("<", "‹").replace("](", "] (")


def split(markdown: str) -> list[str]:
    """Split into parts that fit into a block each, at line ends if possible. A split code block is fenced in both parts."""
    parts, part = [], ""
    for line in _lines(markdown):
        if part and not _fits(part + line):
            code = part.count(FENCE) % 2 == 1
            parts.append(part + (f"\n{FENCE}" if code else ""))
            part = f"{FENCE}\n" if code else ""
        part += line
    return [*parts, part] if part.strip() else parts or [""]


def _lines(markdown: str) -> list[str]:
    found: list[str] = []
    for line in markdown.splitlines(keepends=True):
        found += _halves(line)
    return found


def _halves(line: str) -> list[str]:
    if _fits(line) or len(line) < 2:
        return [line]
    return [*_halves(line[: len(line) // 2]), *_halves(line[len(line) // 2 :])]


def _fits(markdown: str) -> bool:
    """Whether the text fits into a block, with room for the fences of split code."""
    return utf16_length(to_mrkdwn(markdown, _WIDE)) <= MAX_TEXT - 2 * len(FENCE) - 2


def _parts_that_fit(parts: list[str]) -> list[str]:
    """As many parts as a message can hold, and a note if there are more."""
    room, kept = MAX_SHOWN, list[str]()
    for part in parts:
        room -= utf16_length(part)
        if room < 0:
            return [*kept, SHORTENED]
        kept.append(part)
    return kept


def _mark(message: TextMessage) -> Message:
    """The metadata by which the app finds its message again."""
    if not message.id:
        return {}
    return {"metadata": {"event_type": EVENT, "event_payload": {"request_id": message.id}}}
