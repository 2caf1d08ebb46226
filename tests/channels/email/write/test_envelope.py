"""The headers of a mail are ours alone."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given, settings

from channels.email.write.envelope import Envelope, build_mail
from channels.email.write.question_mail import subject_of, text_page
from channels.errors import Rejected
from tests.channels.slack.test_question_message import hostile

HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress"]
HEADERS += ["MIME-Version", "Content-Type"]


def sent(subject: str = "Pay?", to: str = "dana@example.org", **more: Any) -> EmailMessage:
    page = text_page("Hello", "Assent")
    raw = build_mail(Envelope("agent@example.org", to, subject, f"<{'x' * 90}@assent.example>", **more), page)
    parsed = message_from_bytes(raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


class TestEnvelope:
    @settings(max_examples=100, deadline=None)
    @given(hostile)
    def test_has_the_headers_we_wrote_and_no_other(self, topic: str) -> None:
        mail = sent(subject_of(topic + "\r\nBcc: eve@evil.example", "ses_01k7f3k"))
        assert sorted(mail.keys()) == sorted(HEADERS)
        assert mail["Subject"].startswith("[Action needed]") and mail["Subject"].endswith("[#7F3K]")

    def test_keeps_long_ids_as_they_are(self) -> None:
        references = tuple(f"<{n:090}@assent.example>" for n in range(40))
        mail = sent(references=references, in_reply_to=references[-1])
        assert mail["Message-ID"] == f"<{'x' * 90}@assent.example>"
        assert mail["In-Reply-To"] == references[-1]
        assert mail["References"].split() == [references[0], *references[-11:]]

    def test_says_that_a_machine_wrote_it(self) -> None:
        mail = sent(reply_to="agent+req_1.k@example.org")
        assert mail["Auto-Submitted"] == "auto-generated" and mail["X-Auto-Response-Suppress"] == "All"
        assert mail["From"] == "Assent <agent@example.org>" and mail["Reply-To"] == "Assent <agent+req_1.k@example.org>"

    def test_has_the_plain_text_first(self) -> None:
        assert [part.get_content_type() for part in sent().iter_parts()] == ["text/plain", "text/html"]

    def test_reaches_a_domain_in_any_letters(self) -> None:
        assert sent(to="dana@exämple.org")["To"] == "dana@xn--exmple-cua.org"

    @pytest.mark.parametrize("address", ["dänä@example.org", "dana@" + "a" * 70 + ".org", "a b@x..y", "", "dana\r\nBcc: e@x.org"])
    def test_refuses_an_address_it_cannot_write_to(self, address: str) -> None:
        with pytest.raises(Rejected):
            sent(to=address)
