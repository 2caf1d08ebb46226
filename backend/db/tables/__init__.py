"""What is kept, a file a noun. Instants are milliseconds, ids are text, documents are JSON."""

from backend.db.tables.base import metadata
from backend.db.tables.channels import (
    connections,
    deliveries,
    delivery_attempts,
    drafts,
    group_members,
    groups,
    installations,
    link_proofs,
    preferences,
    presences,
    threads,
)
from backend.db.tables.mail import mailboxes, mails
from backend.db.tables.people import erasure_permits, idempotency_keys, people, sign_ins, ws_tickets
from backend.db.tables.requests import approvals, feedback_requests, feedback_responses, recipients, votes
from backend.db.tables.restores import restores
from backend.db.tables.runs import executions, run_events, runs
from backend.db.tables.sessions import audit, audit_heads, events, messages, sessions, summaries

__all__ = [
    "approvals",
    "audit",
    "audit_heads",
    "connections",
    "deliveries",
    "delivery_attempts",
    "drafts",
    "erasure_permits",
    "events",
    "executions",
    "feedback_requests",
    "feedback_responses",
    "group_members",
    "groups",
    "idempotency_keys",
    "installations",
    "link_proofs",
    "mailboxes",
    "mails",
    "messages",
    "metadata",
    "people",
    "preferences",
    "presences",
    "recipients",
    "restores",
    "run_events",
    "runs",
    "sessions",
    "sign_ins",
    "summaries",
    "threads",
    "votes",
    "ws_tickets",
]
