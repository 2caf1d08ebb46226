"""Who may do things: people, their sign-ins, and the small proofs a sign-in hands out."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from backend.db.tables.base import at, key, metadata, one_of, ref, words

people = Table(
    "people",
    metadata,
    key(),
    Column("email", String(254), nullable=False, unique=True),
    words("name"),
    one_of("role", 10),
    Column("password_hash", Text, nullable=False),
    at("created_at"),
    at("disabled_at", nullable=True),
    # When the address was proven to be theirs, and how: only then it counts where somebody is named by it.
    at("confirmed_at", nullable=True),
    Column("confirmed_by", String(24), nullable=True),
    # Their erasure: since when it is under way, how far it is in the requests of others, and when all was done.
    at("erasing_at", nullable=True),
    at("erased_at", nullable=True),
    Column("erasure_cursor", String(40), nullable=True),
)

# A sign-in is one family of refresh tokens: only the newest generation opens anything new.
sign_ins = Table(
    "sign_ins",
    metadata,
    key(),
    ref("person_id", "people.id", index=True),
    Column("generation", Integer, nullable=False),
    # Who keeps it: `web` (the web app's cookie) or `api` (a program); null: of a time before, until it is refreshed.
    Column("door", String(24), nullable=True),
    at("created_at"),
    at("expires_at"),
    at("ended_at", nullable=True),
    words("ended_why", nullable=True),
    Index("ix_sign_ins_ended_at", "ended_at"),
    Index("ix_sign_ins_expires_at", "expires_at"),
)

ws_tickets = Table(
    "ws_tickets",
    metadata,
    Column("digest", String(64), primary_key=True),
    ref("person_id", "people.id"),
    ref("sign_in_id", "sign_ins.id"),
    at("expires_at"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    ref("person_id", "people.id", primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    at("created_at"),
    Index("ix_idempotency_keys_created_at", "created_at"),
)

# Whose record may be emptied, within the transaction that holds the row: the guards look for it. Empty at rest.
erasure_permits = Table("erasure_permits", metadata, key("subject"))
