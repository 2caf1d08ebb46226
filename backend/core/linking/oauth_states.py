"""Sign-ins at a provider that are begun here: the state that comes back is good once, for whoever began, in their browser."""

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
    """The state to send along. `browser` is a secret that only the person's browser keeps."""
    state = secrets.token_urlsafe(32)
    linked_accounts.insert_proof(
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
    """What the provider is shown of the browser's secret, so that only whoever has it can use the code (S256, RFC 7636)."""
    return base64.urlsafe_b64encode(hashlib.sha256(browser.encode()).digest()).rstrip(b"=").decode()


def use_state(tx: Tx, provider: str, state: str, browser: str) -> Row[object]:
    """Who began what; the state is used up. Raises Invalid, with status 400, for a state that is not good here."""
    proof = linked_accounts.use_proof(tx, _digest(state, browser), provider, "oauth")
    person = person_by_id(tx, proof.person_id) if proof is not None else None
    if proof is None or person is None or person.disabled_at is not None:
        refusal = Invalid("This sign-in was not begun here, is used, or is too old; begin again.", code="bad_state")
        refusal.errors, refusal.status = (FieldError("state", "is not good"),), 400
        raise refusal
    return proof


def link_granted_account(tx: Tx, person_id: str, channel: str, granted: OAuthGrant) -> None:
    """The account is the person's own. Raises Forbidden where it is somebody else's."""
    link_account(tx, person_id, channel, granted.account, granted.label)


def _digest(state: str, browser: str) -> str:
    return hashlib.sha256(f"{state} {browser}".encode()).hexdigest()
