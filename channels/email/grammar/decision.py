"""Parse a reply into a decision. Its first line decides, and only if nothing else in the text contradicts it."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from channels.email.grammar.decision_words import (
    WITH_REASON,
    action_of,
    are_blank,
    has_bidi_override,
    normalize,
    split_action,
    without_signature,
)
from channels.email.grammar.form_values import Errors, NotFieldLines, edits_of, option_of, values_of

Request = Mapping[str, Any]
_CODE = re.compile(r"\s*link[\s:]+[`*_\"]*([A-Za-z0-9-]{4,64})[`*_\"]*[.!]?\s*", re.IGNORECASE)
_NUMBERS = re.compile(r"(?:option |no\.? ?|#)?\d{1,3}[.)]?(?:(?: ?[,;+&] ?| and | )#?\d{1,3})*")
NOT_AN_ANSWER = "The first line is not one of the accepted answers."
EXTRA_TEXT = "There is text besides the answer that may change its meaning."
UNCERTAIN_TEXT = "It is not clear which part of the mail is new."


@dataclass(frozen=True, slots=True)
class MailDecision:
    """An answer in the terms of the API, not yet validated against the request."""

    action: str
    values: dict[str, Any] | None = None
    feedback: str | None = None


@dataclass(frozen=True, slots=True)
class ProposalConfirmed:
    """The sender confirms the proposal."""


@dataclass(frozen=True, slots=True)
class LinkRequest:
    """The sender wants to link their address."""

    code: str


@dataclass(frozen=True, slots=True)
class UnclearReply:
    """The reply decides nothing; `why` is a sentence for the sender."""

    why: str = NOT_AN_ANSWER


@dataclass(frozen=True, slots=True)
class InvalidValues:
    """The reply is an answer with invalid values: (field, message) pairs. It decides nothing."""

    errors: Errors


ParsedReply = MailDecision | ProposalConfirmed | LinkRequest | UnclearReply | InvalidValues


def link_request_of(new_text: str) -> LinkRequest | None:
    """Return the code of a first line such as `link CODE`."""
    found = _CODE.fullmatch(next((line for line in new_text.split("\n") if line.strip()), ""))
    return LinkRequest(found[1]) if found else None


def parse_reply(
    new_text: str, request: Request, *, certain: bool = True, proposed: bool = False, names: frozenset[str] = frozenset()
) -> ParsedReply:
    """Parse `new_text`, a reply to `request` (in the API's shape). `certain`: it is exactly what the sender wrote now.
    `proposed`: the sender was asked to confirm a proposal and may say yes. `names`: the words of the sender's own name,
    which may follow the answer as a signature."""
    if not certain or has_bidi_override(new_text):
        return UnclearReply(UNCERTAIN_TEXT)
    first, rest = _first_line(new_text)
    if request["type"] != "text":  # whose answer is the whole text
        rest = without_signature(rest, names)
    if proposed and action_of(first) == "yes" and are_blank(rest) and not _is_option(first, request):
        return ProposalConfirmed()
    understood = (
        _BY_TYPE[request["type"]](first, rest, request) if first else UnclearReply("There is no text above the quoted mail.")
    )
    if isinstance(understood, MailDecision) and understood.action not in request["allowed_actions"]:
        return UnclearReply(f"{understood.action.upper()} is not possible for this request.")
    return understood


def _first_line(new_text: str) -> tuple[str, list[str]]:
    lines = new_text.split("\n")
    for place, line in enumerate(lines):
        if normalize(line):
            return line, lines[place + 1 :]
    return "", []


def _confirmation(first: str, rest: list[str], request: Request) -> ParsedReply:
    if action_of(first) == "approve" and not are_blank(rest):
        return _edit(rest, request)
    return _keyword(first, rest, ("approve", "reject"))


def _edit(rest: list[str], request: Request) -> ParsedReply:
    """`APPROVE` with a `name: value` line below for each argument to change."""
    try:
        edits, errors = edits_of(rest, request)
    except NotFieldLines:
        return UnclearReply(EXTRA_TEXT)
    if errors:
        return InvalidValues(errors)
    return MailDecision("edit", edits) if edits else UnclearReply(EXTRA_TEXT)


def _checkpoint(first: str, rest: list[str], _request: Request) -> ParsedReply:
    found = split_action(first)
    if found and found[0] == "revise":
        reason = _reason(found[1], rest)
        return (
            MailDecision("revise", feedback=reason)
            if reason.strip("?")
            else UnclearReply("Write after REVISE what should be changed.")
        )
    return _keyword(first, rest, ("continue", "stop", "skip"))


def _text(first: str, rest: list[str], _request: Request) -> ParsedReply:
    if normalize(first) == "decline" and are_blank(rest):
        # In other spellings the word may be the answer itself.
        return (
            MailDecision("decline")
            if first.strip() == "DECLINE"
            else UnclearReply("Write DECLINE in capitals to give no answer. If the word is your answer, write it in a sentence.")
        )
    return MailDecision("submit", feedback="\n".join((first, *rest)).strip())


def _choice(first: str, rest: list[str], request: Request) -> ParsedReply:
    if action_of(first) == "decline" or (split_action(first) or ("", ""))[0] == "decline":
        return _keyword(first, rest, ("decline",)) if not _is_option(first, request) else UnclearReply()
    if not are_blank(rest):
        return UnclearReply(EXTRA_TEXT)
    picked = _chosen(first, request)
    if isinstance(picked, list):
        return MailDecision("submit", {"choice": picked if request.get("multiple") else picked[0]})
    return picked


def _chosen(first: str, request: Request) -> list[Any] | UnclearReply | InvalidValues:
    options, plain = request.get("options") or [], normalize(first).removesuffix(")")
    try:
        named = [option_of(first, options)]
    except ValueError:
        named = []
    if not _NUMBERS.fullmatch(plain):
        return named or UnclearReply()
    places = [int(number) for number in re.findall(r"\d+", plain)]
    if (len(places) != 1 and not request.get("multiple")) or len(set(places)) != len(places):
        return UnclearReply()
    if not all(1 <= place <= len(options) for place in places):
        return named or InvalidValues((("choice", f"must be a number from 1 to {len(options)}"),))
    numbered = [options[place - 1]["value"] for place in places]
    return (
        numbered
        if named in ([], numbered)
        else UnclearReply("It is not clear whether you mean the number or the text of an option.")
    )


def _form(first: str, rest: list[str], request: Request) -> ParsedReply:
    if (split_action(first) or ("", ""))[0] == "decline":
        return _keyword(first, rest, ("decline",))
    try:
        values, errors = values_of([first, *rest], request.get("fields") or [])
    except NotFieldLines:
        return UnclearReply("Write one line for each field, in the form name: value.")
    missing = [
        (str(field["name"]), "is required")
        for field in request.get("fields") or []
        if field.get("required", True) and field["name"] not in values and str(field["name"]) not in dict(errors)
    ]
    return InvalidValues((*errors, *missing)) if errors or missing else MailDecision("submit", values)


def _keyword(first: str, rest: list[str], actions: tuple[str, ...]) -> ParsedReply:
    """One of the actions alone on its line, or followed by a reason if it takes one."""
    action = action_of(first)
    if action in actions and are_blank(rest):
        return MailDecision(action)
    found = split_action(first)
    if not found or found[0] not in actions or found[0] not in WITH_REASON:
        return UnclearReply(EXTRA_TEXT if found and found[0] in actions else NOT_AN_ANSWER)
    reason = _reason(found[1], rest)
    return MailDecision(found[0], feedback=reason or None) if not _is_qualified(reason) else UnclearReply(EXTRA_TEXT)


def _reason(behind: str, rest: list[str]) -> str:
    """The text after a keyword and below it; empty if it is our own placeholder, sent back unchanged."""
    reason = "\n".join((behind, *rest)).strip()
    return "" if re.fullmatch(r"<[^<>]*>", reason) else reason


def _is_qualified(reason: str) -> bool:
    """A reason for a refusal must not ask a question, set a condition or take the refusal back."""
    return "?" in unicodedata.normalize("NFKC", reason) or _QUALIFIER.search(reason) is not None


_QUALIFIER = re.compile(
    r"^(if|unless|only|when|once)\b|\b(approve|approved|approval|wait|actually|on second thought|never ?mind)\b", re.IGNORECASE
)


def _is_option(first: str, request: Request) -> bool:
    return any(
        normalize(first) in (normalize(str(each["value"])), normalize(str(each["label"])))
        for each in request.get("options") or []
    )


_BY_TYPE = {"confirmation": _confirmation, "choice": _choice, "text": _text, "form": _form, "checkpoint": _checkpoint}
