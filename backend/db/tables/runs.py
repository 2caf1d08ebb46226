"""A run is a fold over its log; its row carries only what a worker must see to claim it."""

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text

from backend.db.tables.base import at, key, metadata, one_of, ref, words

runs = Table(
    "runs",
    metadata,
    key(),
    ref("session_id", "sessions.id", index=True),
    ref("person_id", "people.id"),
    one_of("status"),
    Column("settings", JSON, nullable=False),
    # The engine that decides its steps, as name/version, once it has decided one; and what that engine keeps, if anything.
    Column("engine", String(60), nullable=True),
    Column("engine_state", JSON(none_as_null=True), nullable=True),
    Column("last_n", Integer, nullable=False, default=0),
    # The lease: `token` grows with every claim, and no commit of an older token is accepted.
    Column("token", Integer, nullable=False, default=0),
    at("lease_until", nullable=True),
    Column("claims", Integer, nullable=False, default=0),
    Column("steps", Integer, nullable=False, default=0),
    Column("tokens", Integer, nullable=False, default=0),
    Column("active_ms", Integer, nullable=False, default=0),
    words("result", nullable=True),
    words("error", nullable=True),
    at("created_at"),
    at("updated_at"),
    at("finished_at", nullable=True),
    Index("ix_runs_status_lease_until", "status", "lease_until"),
)

run_events = Table(
    "run_events",
    metadata,
    ref("run_id", "runs.id", primary_key=True),
    Column("n", Integer, primary_key=True),
    one_of("kind"),
    Column("data", JSON, nullable=False),
    at("at"),
    sqlite_with_rowid=False,
)

# One approval authorises at most one execution: `approval_id` is unique.
executions = Table(
    "executions",
    metadata,
    key(),
    ref("run_id", "runs.id", index=True),
    ref("approval_id", "approvals.request_id", nullable=True, unique=True),
    Column("tool", String(100), nullable=False),
    Column("args", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    one_of("status"),
    Column("result", JSON, nullable=True),
    at("started_at"),
    at("finished_at", nullable=True),
)
