"""Only calls with a valid and recent Slack signature are parsed (A37, A38, A40, A44)."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from slack_sdk.signature import SignatureVerifier

from channels.slack.signature import SignedWebhook
from channels.webhooks import WebhookRejected

NOW, SECRET = 1_800_000_000, "a signing secret"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
EVENT = {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": {"type": "message"}}


def signed(body: bytes, content_type: str = JSON, *, at: int | str = NOW, secret: str = SECRET) -> dict[str, str]:
    signature = SignatureVerifier(secret).generate_signature(timestamp=str(at), body=body)
    return {"content-type": content_type, "x-slack-request-timestamp": str(at), "x-slack-signature": signature or ""}


def read(headers: dict[str, str], body: bytes) -> Any:
    return SignedWebhook(SECRET, lambda: NOW).read(headers, body)


class TestDoor:
    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (json.dumps(EVENT).encode(), JSON),
            (json.dumps({"type": "url_verification", "challenge": "c"}).encode(), JSON),
            (
                urlencode(
                    {"payload": json.dumps({"type": "block_actions", "user": {"id": "U1"}, "actions": [{"action_id": "a"}]})}
                ).encode(),
                FORM,
            ),
            (urlencode({"command": "/assent", "text": "link X"}).encode(), FORM),
        ],
    )
    def test_lets_slack_in(self, body: bytes, kind: str) -> None:
        assert read(signed(body, kind), body)

    @pytest.mark.parametrize("at", [NOW - 300, NOW + 300])
    def test_is_open_for_five_minutes_either_way(self, at: int) -> None:
        body = json.dumps(EVENT).encode()
        assert read(signed(body, at=at), body) == EVENT

    @pytest.mark.parametrize("at", [NOW - 301, NOW + 301, "soon", "", "-1", "1e9", "١٨٠٠", "9" * 400])
    def test_refuses_any_other_time(self, at: int | str) -> None:
        body = json.dumps(EVENT).encode()
        with pytest.raises(WebhookRejected) as refused:
            read(signed(body, at=at), body)
        assert not refused.value.authentic

    @pytest.mark.parametrize("signature", ["", "v0=", "v0=" + "0" * 64, "v1=abc", "ü", "\udcff"])
    def test_refuses_another_signature(self, signature: str) -> None:
        body = json.dumps(EVENT).encode()
        with pytest.raises(WebhookRejected) as refused:
            read(signed(body) | {"x-slack-signature": signature}, body)
        assert not refused.value.authentic

    def test_refuses_what_was_signed_otherwise(self) -> None:
        body = json.dumps(EVENT).encode()
        for headers, sent in ((signed(body, secret="another"), body), (signed(body), json.dumps(EVENT, indent=1).encode())):
            with pytest.raises(WebhookRejected) as refused:
                read(headers, sent)
            assert not refused.value.authentic

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b"", JSON),
            (b"{", JSON),
            (b"[]", JSON),
            (b"null", JSON),
            (b"{}", JSON),
            (b'{"type":7}', JSON),
            (b'{"type":"event_callback","event":5}', JSON),
            (b'{"type":"block_actions","user":"U1"}', JSON),
            (b'{"a":' * 100_000, JSON),
            (b"payload=x", FORM),
            (b"payload=%5B%5D", FORM),
            (b"text=hello", FORM),
            (b"a=1&" * 10_000, FORM),
            (json.dumps(EVENT).encode(), FORM),
            (json.dumps(EVENT).encode(), "text/plain"),
            (json.dumps(EVENT).encode(), ""),
        ],
    )
    def test_cannot_read_nonsense_even_when_it_is_signed(self, body: bytes, kind: str) -> None:
        with pytest.raises(WebhookRejected) as refused:
            read(signed(body, kind), body)
        assert refused.value.authentic

    def test_refuses_bytes_that_are_no_text(self) -> None:
        with pytest.raises(WebhookRejected):
            read(signed(b"{}"), b"\xff\xfe")

    def test_has_a_secret(self) -> None:
        with pytest.raises(ValueError, match="accept calls from anyone"):
            SignedWebhook("", lambda: NOW)
