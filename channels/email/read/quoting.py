"""Find the new text of a reply: everything but the quoted mail, and whether that cut is beyond doubt."""

import re
from dataclasses import dataclass
from itertools import takewhile

from channels.email.grammar.phrases import ADVERTS, any_of

MARKER = "reply above this line"
MAX_NEW_TEXT = 20_000
MAX_ATTRIBUTION = 4
MIN_HEADERS = 3

_SEPARATOR = re.compile(r"\s*[-_*=]{5,}(\s*[^\W\d_][^-_*=]*[-_*=]{5,})?\s*")
_LABEL = re.compile(r"[\s*]*[^\W\d_][\w .’'-]{0,24}[\s*]*[:：].*")
_ADVERT = any_of(ADVERTS)
_SHOWN_LINK = re.compile(r"\s*[<(\[]\s*(https?://|mailto:)[^\s>)\]]*[>)\]]")


@dataclass(frozen=True, slots=True)
class NewText:
    """`certain` is false if text of the sender may be missing, or text of somebody else included."""

    text: str
    certain: bool


def new_text_of(text: str, ours: tuple[str, ...]) -> NewText:
    """Return the text without quotations. `ours` identifies our own mail, by its subject and mailbox: only a block that
    contains one of these, or lines after `>`, counts as quoted."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    signs = tuple(sign.casefold() for sign in (*ours, MARKER) if sign)
    cut = _quote_start(lines, signs)
    top, below = lines[:cut], lines[cut:]
    said = [_trim(part) for part in [top, *_unquoted_parts(below)]]
    parts = [part for part in said if part]
    if len(parts) > 1 or (parts and not said[0] and not _is_last(parts[0], below)):
        return NewText("\n\n".join(parts)[:MAX_NEW_TEXT], certain=False)
    new_text = parts[0] if parts else ""
    return NewText(new_text[:MAX_NEW_TEXT], certain=len(new_text) <= MAX_NEW_TEXT and not _contains_quote(new_text, signs))


def _quote_start(lines: list[str], signs: tuple[str, ...]) -> int:
    """The line where the quotation starts, including its introduction."""
    starts = [place for place, line in enumerate(lines) if line.startswith(">") or _contains_sign(line, (MARKER,))][:1]
    starts += _headers(lines, signs)[:1] + _attributions(lines, signs)[:1]
    return _up_to_introduction(lines, min(starts, default=len(lines)), signs)


def _headers(lines: list[str], signs: tuple[str, ...]) -> list[int]:
    """The first block of `From: ...` lines, in any language, that contains a sign of our mail."""
    start, named = 0, False
    for place, line in enumerate([*lines, ""]):
        if _LABEL.fullmatch(line[:500]):
            named = named or _contains_sign(line, signs)
        else:
            if named and place - start >= MIN_HEADERS:
                return [start]
            start, named = place + 1, False
    return []


def _attributions(lines: list[str], signs: tuple[str, ...]) -> list[int]:
    """Lines such as `On Friday, Assent <mailbox> wrote:`, for programs that do not mark quoted lines."""
    return [
        place
        for place, line in enumerate(lines)
        if line.rstrip().endswith((":", "：", "---"))
        and _contains_sign(line, signs)
        and re.search(r"\d", line)
        and not _is_field(line)
    ]


def _is_field(line: str) -> bool:
    return ":" in line[:30] and re.match(r"\s*\w+\s*:\s", line) is not None


def _up_to_introduction(lines: list[str], cut: int, signs: tuple[str, ...]) -> int:
    """Move the cut up over the line that introduces the quotation, in any language, and the rule above it."""
    if cut == len(lines):
        return cut
    above = _skip_blank(lines, cut)
    for count in range(1, MAX_ATTRIBUTION + 1):
        block = lines[max(0, above - count) : above]
        if not block or not block[0].strip():
            break
        joined = " ".join(block)
        if not joined.rstrip().endswith((":", "：")):
            break
        if _contains_sign(joined, signs) or _is_dated(joined):
            cut = above - count
        if _is_dated(joined):
            break
    above = _skip_blank(lines, cut)
    return above - 1 if above and _SEPARATOR.fullmatch(lines[above - 1][:200]) else cut


def _is_dated(line: str) -> bool:
    return len(re.findall(r"\d+", line[:2000])) >= 2


def _skip_blank(lines: list[str], place: int) -> int:
    while place and not lines[place - 1].strip():
        place -= 1
    return place


def _unquoted_parts(below: list[str]) -> list[list[str]]:
    """The unquoted text between and after `>` lines; empty if the quotation is not marked that way."""
    places = [place for place, line in enumerate(below) if line.startswith(">")]
    if not places:
        return []
    segments: list[list[str]] = [[]]
    for line in below[places[0] :]:
        if line.startswith(">"):
            segments.append([])
        else:
            segments[-1].append(line)
    return segments


def _is_last(part: str, below: list[str]) -> bool:
    last = max(place for place, line in enumerate(below) if line.startswith(">"))
    return _trim(below[last + 1 :]) == part


def _trim(lines: list[str]) -> str:
    """Strip the signature, the advertisement of a mail program, rules and blank lines."""
    kept = list(takewhile(lambda line: line.rstrip() != "--", lines))
    while kept and (not kept[-1].strip(" \t\u00a0\u200b\ufeff") or _SEPARATOR.fullmatch(kept[-1][:200]) or _is_advert(kept[-1])):
        kept.pop()
    return "\n".join(kept).strip()


def _is_advert(line: str) -> bool:
    plain = _SHOWN_LINK.sub("", line[:300]).strip(" *_\u00a0")
    return _ADVERT.fullmatch(plain) is not None


def _contains_sign(line: str, signs: tuple[str, ...]) -> bool:
    folded = line.casefold()
    return any(sign in folded for sign in signs)


def _contains_quote(new_text: str, signs: tuple[str, ...]) -> bool:
    return any(line.startswith(">") for line in new_text.split("\n")) or _contains_sign(new_text, signs)
