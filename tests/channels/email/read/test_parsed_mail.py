"""Malformed mails (A55) are parsed within limits and decide nothing."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.email.grammar.decision import UnclearReply, parse_reply
from channels.email.read.parsed_mail import MAX_WHOLE, ParsedMail, read_mail
from channels.email.read.quoting import MAX_NEW_TEXT

CORPUS = sorted((Path(__file__).parents[1] / "corpus").glob("*.eml"))
MAILBOX = "assent@example.com"
HEAD = b"From: dana@example.org\r\nSubject: Re: x\r\n"
HTML = HEAD + b"Content-Type: text/html\r\n\r\n"
CONFIRMATION = {"type": "confirmation", "allowed_actions": ["approve", "reject"]}


def nested(depth: int) -> bytes:
    levels = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level) for level in range(depth))
    return HEAD + b"".join(levels) + b"\r\napprove\r\n"


def parts(count: int) -> bytes:
    return (
        HEAD
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        + b"--b\r\nContent-Type: text/plain\r\n\r\napprove\r\n" * count
    )


HOSTILE = {
    "empty": b"",
    "nul": b"\0" * 1000,
    "30-mb": HEAD + b"\r\napprove\r\n" + b"x y\r\n" * 6_000_000,
    "30-mb-of-one-line": HEAD + b"\r\napprove" + b"x" * 30_000_000,
    "10000-parts": parts(10_000),
    "1000-deep": nested(1000),
    "5000-mails-in-mails": HEAD + b"Content-Type: message/rfc822\r\n\r\n" * 5000,
    "blank-lines": HEAD + b"\r\napprove" + b"\r\n" * 900_000 + b"no",
    "quotes": HEAD + b"\r\nmaybe\r\n" + b"> x y:\r\n" * 200_000,
    "introductions": HEAD + b"\r\n" + b"On " * 100_000,
    "introduced-lines": HEAD + b"\r\n" + b"On x 2026 wrote:\r\n" * 50_000,
    "labels": HEAD + b"\r\n" + b"From: assent@example.com\r\n" * 80_000,
    "header-flood": b"X: y\r\n" * 300_000 + b"\r\napprove",
    "one-long-header": b"From: " + b"a" * 2_000_000 + b"\r\n\r\napprove",
    "comments-in-from": b"From: " + b"(" * 100_000 + b"\r\n\r\nmaybe",
    "quotes-in-results": HEAD + b"Authentication-Results: mx.google.com; " + b'"\\' * 50_000 + b"\r\n\r\nmaybe",
    "encoded-words": b"Subject: " + b"=?utf-8?q?a?= " * 10_000 + b"\r\n\r\nmaybe",
    "date-of-no-year": HEAD + b"Date: Fri, 99999999999999999999 Nov 2026\r\n\r\nmaybe",
    "html-never-closed": HTML + b"approve <a " * 50_000,
    "html-comments": HTML + b"approve <!--" * 50_000 + b">",
    "html-open": HTML + b"<div>" * 100_000 + b"approve",
    "html-entities": HTML + b"&" * 500_000,
    "dsn-of-many": HEAD + b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: message/delivery-status\r\n\r\n" + b"Final-Recipient: rfc822;a@b.c\r\nAction: failed\r\n\r\n" * 5000,
}


def read(raw: bytes) -> ParsedMail:
    mail = read_mail(raw, MAILBOX)
    assert len(mail.new_text) <= MAX_NEW_TEXT and len(mail.whole) <= MAX_WHOLE
    (mail.subject + mail.new_text + mail.whole + mail.tagged).encode()
    return mail


class TestHostileMail:
    @pytest.mark.parametrize("name", HOSTILE)
    def test_is_read_and_decides_nothing(self, name: str) -> None:
        mail = read(HOSTILE[name])
        assert isinstance(parse_reply(mail.new_text, CONFIRMATION, certain=mail.certain), UnclearReply)
        assert not mail.verified

    @pytest.mark.parametrize("value", ["=?utf-8?b?!!?=", "=?x?q?a?=", "=?utf-8?q?=ff?=", "=?idna?q?a?=", "\udce9"])
    def test_has_a_subject_in_any_case(self, value: str) -> None:
        raw = b"Subject: " + value.encode("utf-8", "surrogateescape") + b"\r\n\r\nhello"
        assert read(raw).new_text == "hello"


class TestAnyBytes:
    @given(st.binary(max_size=600))
    def test_are_a_mail(self, raw: bytes) -> None:
        read(raw)

    @given(st.binary(max_size=300), st.sampled_from(["text/plain", "text/html", "multipart/report", "multipart/alternative"]))
    def test_are_a_body(self, raw: bytes, type: str) -> None:
        read(HEAD + f"Content-Type: {type}; boundary=x\r\n\r\n".encode() + raw)

    @settings(max_examples=60)
    @given(st.sampled_from(CORPUS), st.integers(0, 2**32))
    def test_of_a_torn_mail_are_a_mail(self, path: Path, seed: int) -> None:
        dice, raw = random.Random(seed), bytearray(path.read_bytes())
        for _ in range(dice.randrange(1, 30)):
            place = dice.randrange(len(raw))
            raw[place : place + dice.randrange(4)] = dice.choice([b"", b"\0", b"\r\n\r\n", b"<", b'"', b"\xff", b"=", b";", b"("])
        read(bytes(raw))
