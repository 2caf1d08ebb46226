"""Mail as it came in, and the mailboxes of the agent's own that are looked into."""

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text

from backend.db.tables.base import at, metadata, one_of, ref, words

# A mail as it was believed and understood, once for all. `text` is what was new in it, `whole` all of it. `proposal` is what
# it seemed to answer, where a yes is waited for: {action, values, feedback, version}.
mails = Table(
    "mails",
    metadata,
    Column("mailbox", String(300), primary_key=True),
    Column("id", String(300), primary_key=True),
    Column("sender", Text, nullable=False),
    Column("verified", Boolean, nullable=False),
    ref("person_id", "people.id", nullable=True),
    ref("request_id", "feedback_requests.id", nullable=True),
    ref("session_id", "sessions.id", nullable=True),
    one_of("outcome"),
    words("text"),
    words("whole"),
    Column("proposal", JSON, nullable=True),
    at("sent_at", nullable=True),
    at("received_at"),
    Index("ix_mails_request_id", "request_id"),
    Index("ix_mails_session_id", "session_id"),
    Index("ix_mails_person_id", "person_id"),
)

# How far each connected mailbox was taken in, under a fenced lease. `next_at` null while somebody looks into it, and for good
# where it is not connected any more; `watch_until` is how long its provider rings when something comes.
mailboxes = Table(
    "mailboxes",
    metadata,
    Column("account", String(300), primary_key=True),
    Column("cursor", Text, nullable=True),
    Column("token", Integer, nullable=False),
    at("lease_until", nullable=True),
    at("next_at", nullable=True),
    at("watch_until", nullable=True),
)
