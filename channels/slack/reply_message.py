"""The agent's reply in Slack: whole, as blocks that can be rewritten; and piece by piece, as a stream that can only grow."""

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
UNFINISHED, SHORTENED = "_…_", "_It goes on in the web app._"
FENCE = "```"
_WIDE = 10**6
Message = dict[str, Any]


def text_message_of(words: TextMessage) -> Message:
    """`{text, metadata}` for a message of its own."""
    return {"text": to_mrkdwn(words.text, MAX_TEXT_MESSAGE) or "–", **_mark(words)}


def message_of_reply(words: TextMessage, *, unfinished: bool = False) -> Message:
    """`{text, blocks, metadata}` for a message that is rewritten as the reply grows: Slack's limits are narrower there."""
    sections = [section(part) for part in _parts_that_fit([to_mrkdwn(part, MAX_TEXT) for part in split(words.text)])]
    if unfinished:
        sections.append(section(UNFINISHED))
    blocks: list[Block] = [each | {"block_id": f"{words.id} {n}"} for n, each in enumerate(sections)]
    return {"text": to_mrkdwn(words.text, MAX_SUMMARY) or "–", "blocks": blocks, **_mark(words)}


def stream_text(markdown: str) -> str:
    """Markdown for a stream: nothing in it calls anybody or hides where it leads. It only grows as its argument grows."""
    return escape_invisible(markdown).replace("<", "‹").replace("](", "] (")


def split(markdown: str) -> list[str]:
    """Parts that fit into a block each, cut at line ends where it can be; code that is cut is code in both parts."""
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
    """With room for the fences of code that is cut."""
    return utf16_length(to_mrkdwn(markdown, _WIDE)) <= MAX_TEXT - 2 * len(FENCE) - 2


def _parts_that_fit(parts: list[str]) -> list[str]:
    """As many parts as a message takes, and a word where that is not all."""
    room, kept = MAX_SHOWN, list[str]()
    for part in parts:
        room -= utf16_length(part)
        if room < 0:
            return [*kept, SHORTENED]
        kept.append(part)
    return kept


def _mark(words: TextMessage) -> Message:
    """By this the app finds its own message again."""
    if not words.id:
        return {}
    return {"metadata": {"event_type": EVENT, "event_payload": {"request_id": words.id}}}
