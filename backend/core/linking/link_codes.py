"""Codes that link an account: typed by a person on the channel they want to link."""

import hashlib
import secrets
from typing import Any

from backend.core.linking.linked_accounts import link_account
from backend.db import Row, Tx
from backend.db.queries import linked_accounts
from backend.domain.people import Person
from backend.errors import NotFound

CODE_MS = 10 * 60_000
CODE_LENGTH = 10
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def issue_code(tx: Tx, person: Person, channel: str, detail: dict[str, Any] | None = None) -> tuple[str, int]:
    """Issue a code that the person sends on the channel to prove that the account is theirs. Returns it and when it expires."""
    code = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    until = tx.now + CODE_MS
    linked_accounts.insert_link_proof(
        tx, digest=_digest(code), channel=channel, kind="code", person_id=person.id, detail=detail or {}, expires_at=until
    )
    return code, until


def redeem_code(tx: Tx, channel: str, account: str, label: str, code: str) -> Row[Any]:
    """Link the account to whoever was issued the code. Returns the proof's row. Raises NotFound for an invalid code."""
    proof = linked_accounts.take_link_proof(tx, _digest(code.strip().upper()), channel, "code")
    if proof is None or proof.detail.get("address", account) != account:
        raise NotFound("This code is unknown, used or older than ten minutes. Get a new one under Settings, Channels.")
    link_account(tx, proof.person_id, channel, account, label)
    return proof


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
