"""Attacks by mail that the parser alone must stop: each row is a mail and what it must not achieve. tests/journeys attacks
the intake as a whole."""

from collections.abc import Callable

import pytest

from channels.email.grammar.decision import MailDecision, link_request_of, parse_reply
from channels.email.read.parsed_mail import ParsedMail
from channels.email.reply_tags import ReplyTags
from tests.channels.email.test_corpus import ASKED, DANA, REQUEST, read

TAGS = ReplyTags(b"k" * 32)
REQUEST_ASKED = {"type": "confirmation", **ASKED["confirmation"]}


def is_unproven(mail: ParsedMail) -> bool:
    """Says approve, and is not believed to be Dana's."""
    return _decides(mail) and not (mail.verified and mail.sender == DANA)


def is_another_s(mail: ParsedMail) -> bool:
    """Proven, but by somebody to whom the tag was not given."""
    given = TAGS.make(REQUEST, DANA)
    return mail.verified and mail.sender != DANA and TAGS.read(given, DANA) == REQUEST and TAGS.read(given, mail.sender) is None


def is_undecided(mail: ParsedMail) -> bool:
    """A person's, and not certain enough to decide."""
    return mail.kind == "human" and not _decides(mail)


def is_a_machine_s(mail: ParsedMail) -> bool:
    """Never an answer, and never answered."""
    return mail.kind not in ("human", "own")


def is_ours(mail: ParsedMail) -> bool:
    return mail.kind == "own"


def _decides(mail: ParsedMail) -> bool:
    return isinstance(
        link_request_of(mail.new_text) or parse_reply(mail.new_text, REQUEST_ASKED, certain=mail.certain), MailDecision
    )


ROWS: tuple[tuple[str, Callable[[ParsedMail], bool], tuple[str, ...]], ...] = (
    ("A48", is_unproven, ("spoofed-dmarc-fail", "no-results", "dmarc-of-another-domain", "dmarc-twice")),
    ("A48", is_unproven, ("from-two-addresses", "from-twice", "from-name-is-an-address", "from-group", "from-comment")),
    ("A48", is_unproven, ("from-encoded-address",)),
    ("A49", is_unproven, ("forged-results-below-ours", "forged-results-of-another-server", "forged-results-in-a-comment")),
    ("A49", is_unproven, ("forged-results-behind-a-foreign-hop", "forged-results-in-quotes")),
    ("A52", is_another_s, ("forward-to-colleague-answered",)),
    ("A52", is_undecided, ("forward-as-attachment",)),
    ("A53", is_undecided, ("html-hidden-approve", "html-font-size-zero", "html-title-approve", "html-hidden-never-closed")),
    ("A53", is_undecided, ("quoted-approve-only", "quoted-approve-of-another", "thunderbird-inline", "outlook-see-below")),
    ("A53", is_undecided, ("thunderbird-inline-under-top", "signature-only-approve", "signature-without-dashes-doubts")),
    ("A53", is_undecided, ("gmail-doubt-same-line", "gmail-condition", "gmail-second-line-wait", "list-dash-condition")),
    ("A53", is_undecided, ("gmail-cyrillic-lookalike", "gmail-zero-width", "gmail-bidi", "gmail-struck-through")),
    ("A55", is_undecided, ("broken-base64", "broken-charset-that-is-a-cipher", "broken-charset-utf7", "broken-nul", "encrypted")),
    ("A59", is_a_machine_s, ("away-that-says-approve", "away-english-no-header", "ticket-acknowledged", "ticket-no-reply")),
    ("A59", is_a_machine_s, ("return-path-empty", "list-wrapped", "calendar-reply-google", "calendar-reply-exchange")),
    ("A59", is_a_machine_s, ("read-receipt", "bounce-gmail-delayed", "bounce-without-report", "bounce-mailbox-full")),
    ("A59", is_ours, ("own-mail",)),
)
CASES = [(fails, name) for _, fails, names in ROWS for name in names]


class TestAttack:
    @pytest.mark.parametrize(("fails", "name"), CASES, ids=[f"{id}-{name}" for id, _, names in ROWS for name in names])
    def test_fails(self, fails: Callable[[ParsedMail], bool], name: str) -> None:
        assert fails(read(name))
