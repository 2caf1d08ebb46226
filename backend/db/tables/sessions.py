"""A session is a conversation with one gapless log of events and one audit chain."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from backend.db.tables.base import at, key, metadata, one_of, ref, words

sessions = Table(
    "sessions",
    metadata,
    key(),
    ref("person_id", "people.id"),
    words("title"),
    one_of("status"),
    one_of("agent_status"),
    # Where its person wants to be asked about it; null: in the person's own order.
    Column("channel", String(24), nullable=True),
    Column("last_seq", Integer, nullable=False, default=0),
    at("created_at"),
    at("updated_at"),
    # Since when it holds no content; what people decided in it stays on record.
    at("erased_at", nullable=True),
    Index("ix_sessions_person_id_updated_at", "person_id", "updated_at"),
    Index("ix_sessions_status_erased_at_updated_at", "status", "erased_at", "updated_at"),
)

messages = Table(
    "messages",
    metadata,
    key(),
    ref("session_id", "sessions.id"),
    ref("run_id", "runs.id", nullable=True),
    ref("author_id", "people.id", nullable=True),
    one_of("type"),
    one_of("status"),
    words("content"),
    one_of("via"),
    Column("client_id", String(200), nullable=True),
    at("created_at"),
    UniqueConstraint("session_id", "client_id"),
    Index("ix_messages_session_id_created_at", "session_id", "created_at", "id"),
    Index("ix_messages_author_id_client_id", "author_id", "client_id"),
)

# `frame` is the finished JSON text exactly as it was and will be sent.
events = Table(
    "events",
    metadata,
    ref("session_id", "sessions.id", primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("frame", Text, nullable=False),
    sqlite_with_rowid=False,
)

# What the earlier part of a long session came to: every run created up to `until_at` is covered.
summaries = Table(
    "summaries",
    metadata,
    ref("session_id", "sessions.id", primary_key=True),
    Column("until_at", BigInteger, primary_key=True),
    words("content"),
    at("created_at"),
)

# `scope` is a session's or a person's id: each has a chain of its own.
audit_heads = Table(
    "audit_heads",
    metadata,
    Column("scope", String(40), primary_key=True),
    Column("n", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("seal", String(80), nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("scope", String(40), primary_key=True),
    Column("n", Integer, primary_key=True),
    at("at"),
    Column("actor", String(40), nullable=False),
    one_of("via"),
    Column("action", String(60), nullable=False),
    Column("subject", String(40), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)
