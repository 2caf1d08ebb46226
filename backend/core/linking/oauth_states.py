"""OAuth states: each is valid once, for the person who began the sign-in, in the browser they began it in."""

import base64
import hashlib
import secrets
from typing import Literal

from backend.core.linking.linked_accounts import link_account
from backend.db import Row, Tx
from backend.db.queries import linked_accounts
from backend.db.queries.people import person_by_id
from backend.domain.people import Person
from backend.errors import FieldError, Invalid
from channels.oauth import OAuthGrant

STATE_MS = 10 * 60_000
Purpose = Literal["sign_in", "install"]


def begin_oauth(tx: Tx, person: Person, provider: str, purpose: Purpose, browser: str) -> str:
    """Issue the state to send to the provider. `browser` is a secret that only the person's browser holds."""
    state = secrets.token_urlsafe(32)
    linked_accounts.insert_link_proof(
        tx,
        digest=_digest(state, browser),
        channel=provider,
        kind="oauth",
        person_id=person.id,
        detail={"purpose": purpose},
        expires_at=tx.now + STATE_MS,
    )
    return state


def challenge_of(browser: str) -> str:
    """The PKCE challenge for the browser's secret (S256, RFC 7636): only whoever has the secret can use the code."""
    return base64.urlsafe_b64encode(hashlib.sha256(browser.encode()).digest()).rstrip(b"=").decode()


def use_state(tx: Tx, provider: str, state: str, browser: str) -> Row[object]:
    """Use up the state. Returns its row: who began what. Raises Invalid with status 400 for a state that is not valid here."""
    proof = linked_accounts.take_link_proof(tx, _digest(state, browser), provider, "oauth")
    person = person_by_id(tx, proof.person_id) if proof is not None else None
    if proof is None or person is None or person.disabled_at is not None:
        refusal = Invalid(
            "This sign-in was not started in this browser, was already used, or is too old. Start it again.", code="bad_state"
        )
        refusal.errors, refusal.status = (FieldError("state", "is not valid"),), 400
        raise refusal
    return proof


def link_granted_account(tx: Tx, person_id: str, channel: str, granted: OAuthGrant) -> None:
    """Link the account that the provider granted. Raises Forbidden if it is linked to somebody else."""
    link_account(tx, person_id, channel, granted.account, granted.label)


def _digest(state: str, browser: str) -> str:
    return hashlib.sha256(f"{state} {browser}".encode()).hexdigest()
