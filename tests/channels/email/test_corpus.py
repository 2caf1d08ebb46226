"""Mails as real mail programs write them, each with the expected result."""

from pathlib import Path
from typing import Any

import pytest

from channels.email.grammar.decision import (
    InvalidValues,
    LinkRequest,
    MailDecision,
    ParsedReply,
    UnclearReply,
    link_request_of,
    parse_reply,
)
from channels.email.read.parsed_mail import ParsedMail, read_mail
from tests.channels.email.corpus_cases import ROWS

CORPUS = Path(__file__).parent / "corpus"
MAILBOX, DANA, EVE, KIM = "assent@example.com", "dana@example.org", "eve@evil.example", "kim@example.net"
REQUEST = "req_01k9x7f3kd8m2p5q7r9s1t3v5w"
ASKED: dict[str, dict[str, Any]] = {
    "confirmation": {
        "allowed_actions": ["approve", "reject", "edit"],
        "action": {"tool": "issue_refund", "args": {"amount": 120, "reason": "charged twice"}, "risk": "medium"},
    },
    "choice": {
        "allowed_actions": ["submit", "decline"],
        "options": [
            {"value": "a", "label": "The Anchor"},
            {"value": "b", "label": "Blue Room"},
            {"value": "c", "label": "Canal House"},
        ],
    },
    "form": {
        "allowed_actions": ["submit", "decline"],
        "fields": [
            {"name": "name", "type": "text"},
            {"name": "seats", "type": "integer"},
            {"name": "day", "type": "date", "required": False},
        ],
    },
    "text": {"allowed_actions": ["submit", "decline"]},
    "checkpoint": {"allowed_actions": ["continue", "stop", "revise", "skip"]},
}


def read(name: str) -> ParsedMail:
    return read_mail((CORPUS / f"{name}.eml").read_bytes(), MAILBOX)


def outcome(mail: ParsedMail, type: str) -> str:
    if mail.bounce:
        return f"bounce {mail.bounce.recipient} {'permanent' if mail.bounce.permanent else 'passing'} {mail.bounce.status}"
    if mail.kind != "human":
        return mail.kind
    said = spelt(
        link_request_of(mail.new_text)
        or parse_reply(mail.new_text, {"type": type, **ASKED[type]}, certain=mail.certain, names=mail.names)
    )
    who = {"": "nobody", EVE: "eve", KIM: "kim"}.get(mail.sender, "" if mail.verified else "unverified")
    return f"{said} {who}".strip()


def spelt(understood: ParsedReply) -> str:
    match understood:
        case MailDecision(action, None, None):
            return action
        case MailDecision(action, None, feedback):
            return f'{action} "{feedback}"'
        case MailDecision(action, values, None):
            shown = values or {}
            return f"{action} " + ", ".join(f"{name}={value}" for name, value in shown.items())
        case InvalidValues(errors):
            return "wrong " + " ".join(name for name, _ in errors)
        case LinkRequest(code):
            return f"link {code}"
        case UnclearReply():
            return "unclear"
    return type(understood).__name__


class TestCorpus:
    def test_has_a_row_for_every_mail(self) -> None:
        assert sorted(path.stem for path in CORPUS.glob("*.eml")) == sorted(name for name, _, _ in ROWS)

    @pytest.mark.parametrize(("name", "type", "expected"), ROWS, ids=[name for name, _, _ in ROWS])
    def test_is_understood(self, name: str, type: str, expected: str) -> None:
        assert outcome(read(name), type) == expected

    def test_finds_the_tag_a_reply_brings_back(self) -> None:
        assert REQUEST in read("gmail-web-top").tagged
        assert REQUEST in " ".join(read("bounce-postfix").bounce.about)  # type: ignore[union-attr]

    def test_keeps_the_whole_text_and_when_it_was_sent(self) -> None:
        mail = read("apple-mail-iphone-german")
        assert mail.whole.startswith("Approve") and "charged twice" in mail.whole
        assert mail.sent_at == 1795197789000
