"""The account comes from Google alone, and the permissions granted are checked."""

import json
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from channels.email.gmail.oauth import READ, SEND
from channels.errors import Rejected, Retryable
from tests.channels.email.connected_mailboxes import challenge_of, installed, provider
from tests.support.emulated_google import AGENT, CLIENT_ID, DANA, UNVERIFIED, Google
from tests.support.faulty_proxy import Fault
from tests.support.google_faults import GoogleFaults

VERIFIER = "v" * 43


@pytest.fixture(autouse=True)
def _on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def token(**claims: Any) -> str:
    said = {"aud": CLIENT_ID, "email": "Dana@Example.org", "email_verified": True, **claims}
    parts = [urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "RS256"}, said)]
    return ".".join([*parts, "c2lnbmVk"])


def granted(scope: str = "openid email", **more: Any) -> Fault:
    return Fault(body=json.dumps({"access_token": "a", "token_type": "Bearer", "scope": scope, "id_token": token(), **more}))


class TestAddress:
    def test_leads_to_google_with_what_is_needed_and_no_more(self, google: Google) -> None:
        asked = query_of(provider(google).sign_in_url("the state", challenge_of(VERIFIER)))
        assert asked["scope"] == "openid email" and asked["state"] == "the state" and asked["response_type"] == "code"
        assert asked["code_challenge"] == challenge_of(VERIFIER) and asked["code_challenge_method"] == "S256"
        assert asked["access_type"] == "online" and VERIFIER not in str(asked)

    def test_for_a_mailbox_asks_to_send_and_read_and_for_lasting_access(self, google: Google) -> None:
        asked = query_of(provider(google).install_url("the state", challenge_of(VERIFIER)))
        assert set(asked["scope"].split()) == {"openid", "email", SEND, READ}
        assert asked["access_type"] == "offline" and "consent" in asked["prompt"]


class TestRedeem:
    async def test_of_a_sign_in_names_the_address(self, google: Google) -> None:
        at = provider(google)
        query = google.agree(at.sign_in_url("s", challenge_of(VERIFIER)), DANA)
        found = await at.redeem(query["code"], VERIFIER)
        assert query["state"] == "s"
        assert (found.account, found.label, found.installation) == (DANA, DANA, None)

    async def test_of_a_mailbox_brings_a_lasting_access(self, google: Google) -> None:
        found = await installed(google)
        assert found.installation is not None and found.installation.account == AGENT
        assert found.installation.secret not in repr(found)
        assert {SEND, READ} <= set(found.installation.detail["scopes"])

    async def test_needs_the_verifier_of_the_browser_that_began(self, google: Google) -> None:
        at = provider(google)
        query = google.agree(at.sign_in_url("s", challenge_of(VERIFIER)), DANA)
        with pytest.raises(Rejected) as caught:
            await at.redeem(query["code"], "x" * 43)
        assert caught.value.code == "invalid_grant"

    async def test_takes_a_code_once(self, google: Google) -> None:
        at = provider(google)
        query = google.agree(at.sign_in_url("s", challenge_of(VERIFIER)), DANA)
        await at.redeem(query["code"], VERIFIER)
        with pytest.raises(Rejected):
            await at.redeem(query["code"], VERIFIER)

    async def test_believes_no_address_that_google_has_not_verified(self, google: Google) -> None:
        at = provider(google)
        query = google.agree(at.sign_in_url("s", challenge_of(VERIFIER)), UNVERIFIED)
        with pytest.raises(Rejected) as caught:
            await at.redeem(query["code"], VERIFIER)
        assert caught.value.code == "not_verified"

    async def test_names_the_address_in_lower_case(self, google: Google, faults: GoogleFaults) -> None:
        faults.script("token", granted())
        assert (await provider(google, faults.url).redeem("c", VERIFIER)).account == "dana@example.org"

    @pytest.mark.parametrize(
        ("fault", "code"),
        [
            (granted(f"openid email {READ}"), "missing_scope"),
            (granted(f"openid email {SEND}"), "missing_scope"),
            (granted(f"openid email {SEND} {READ}"), "no_refresh_token"),
            (granted(id_token=token(aud="another.apps.googleusercontent.com")), "incomplete"),
            (granted(id_token=token(email="")), "incomplete"),
            (granted(id_token=token(email_verified="true")), "not_verified"),
            (granted(id_token="not a token"), "incomplete"),
            (granted(id_token=None), "incomplete"),
            (Fault(400, '{"error":"invalid_grant"}'), "invalid_grant"),
            (Fault(401, '{"error":"invalid_client"}'), "invalid_client"),
        ],
    )
    async def test_takes_nothing_less_than_what_is_needed(
        self, google: Google, faults: GoogleFaults, fault: Fault, code: str
    ) -> None:
        faults.script("token", fault)
        with pytest.raises(Rejected) as caught:
            await provider(google, faults.url).redeem("c", VERIFIER)
        assert caught.value.code == code and caught.value.reason

    async def test_may_be_tried_again_when_google_cannot_be_reached(self, google: Google) -> None:
        with pytest.raises(Retryable):
            await provider(google, "http://127.0.0.1:1").redeem("c", VERIFIER)

    @pytest.mark.parametrize("fault", [Fault(500, "<html>oops</html>", "text/html"), Fault(body="[1]"), Fault(body="")])
    async def test_does_not_stumble_over_what_is_no_answer(self, google: Google, faults: GoogleFaults, fault: Fault) -> None:
        faults.script("token", fault)
        with pytest.raises((Rejected, Retryable)):
            await provider(google, faults.url).redeem("c", VERIFIER)
