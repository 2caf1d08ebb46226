"""What is kept, a file a noun. Instants are milliseconds, ids are text, documents are JSON."""

from backend.db.tables.base import metadata
from backend.db.tables.feedback import approvals, deliveries, feedback_recipients, feedback_requests, feedback_responses
from backend.db.tables.people import idempotency_keys, people, sign_ins, ws_tickets
from backend.db.tables.runs import executions, run_events, runs
from backend.db.tables.sessions import audit, events, messages, sessions, summaries

__all__ = [
    "approvals",
    "audit",
    "deliveries",
    "events",
    "executions",
    "feedback_recipients",
    "feedback_requests",
    "feedback_responses",
    "idempotency_keys",
    "messages",
    "metadata",
    "people",
    "run_events",
    "runs",
    "sessions",
    "sign_ins",
    "summaries",
    "ws_tickets",
]
