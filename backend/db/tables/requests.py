"""What was asked of people, what they said, and which exact call that authorises."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table, Text

from backend.db.tables.base import at, key, metadata, one_of, ref

feedback_requests = Table(
    "feedback_requests",
    metadata,
    key(),
    ref("session_id", "sessions.id"),
    ref("run_id", "runs.id", nullable=True, index=True),
    one_of("type"),
    one_of("status"),
    Column("version", Integer, nullable=False),
    # The rest of what was asked (title, prompt, action, options, fields, ...), in the contract's shape.
    Column("body", JSON, nullable=False),
    # Whom it is put to, as it was said: [{person: id} or {group: name}]; null: the session's own person. Who that is now,
    # `recipients` says.
    Column("addressed", JSON, nullable=True),
    # What it takes to decide, {approvals, distinct_from_requester}; null: one word of anyone asked.
    Column("rule", JSON, nullable=True),
    at("created_at"),
    at("due_at", nullable=True),
    Column("response", JSON, nullable=True),
    # Who or what ended it without an answer, and why.
    Column("closed", JSON, nullable=True),
    at("decided_at", nullable=True),
    Column("dead_letter", Boolean, nullable=False, default=False),
    at("erased_at", nullable=True),
    Index("ix_feedback_requests_session_id_status", "session_id", "status"),
    Index("ix_feedback_requests_status_due_at", "status", "due_at"),
)

# Who sees a request and who decides it, a row for each role: nothing else says so. `owner`: whose session asks; `decider`
# and `delegate` (of `delegated_by`) decide; `watcher` looks on. Rows whose status is not `active` tell who once did.
recipients = Table(
    "recipients",
    metadata,
    ref("request_id", "feedback_requests.id", primary_key=True),
    ref("person_id", "people.id", primary_key=True),
    Column("role", String(24), primary_key=True),
    ref("delegated_by", "people.id", nullable=True),
    one_of("status"),
    # The order in which they were named.
    Column("position", Integer, nullable=False),
    at("created_at"),
    # The request's own `created_at` and `status`, kept equal by a trigger: by these, lists are read in their order.
    Column("asked_at", BigInteger, nullable=False, server_default="0"),
    Column("request_status", String(24), nullable=False, server_default="pending"),
    Index("ix_recipients_listed", "person_id", "status", "asked_at", "request_id"),
    Index("ix_recipients_inbox", "person_id", "status", "request_status", "asked_at", "request_id"),
)

# What people said that counts, one of each person: the decision follows when the request's rule is met. `digest` is that of
# the exact call a yes is to.
votes = Table(
    "votes",
    metadata,
    ref("request_id", "feedback_requests.id", primary_key=True),
    ref("person_id", "people.id", primary_key=True),
    one_of("action"),
    Column("digest", String(64), nullable=True),
    Column("version", Integer, nullable=False),
    one_of("via"),
    at("at"),
)

# Every valid answer is kept; `accepted` is true for exactly one of a request's.
feedback_responses = Table(
    "feedback_responses",
    metadata,
    key(),
    ref("request_id", "feedback_requests.id", index=True),
    ref("person_id", "people.id", nullable=True),
    one_of("via"),
    one_of("action"),
    Column("body", JSON, nullable=False),
    Column("accepted", Boolean, nullable=False),
    at("at"),
)

# A decision to let one exact call run. `args` is the canonical text that was digested, shown and will be executed.
approvals = Table(
    "approvals",
    metadata,
    ref("request_id", "feedback_requests.id", primary_key=True),
    ref("run_id", "runs.id", nullable=True),
    Column("tool", String(100), nullable=False),
    Column("args", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    ref("decided_by", "people.id"),
    at("decided_at"),
)
