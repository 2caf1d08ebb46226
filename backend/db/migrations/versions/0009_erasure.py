"""Content may go, facts stay: what is on record can be emptied under a permit of the same transaction, and not otherwise."""

import sqlalchemy as sa
from alembic import op

from backend.db.append_only_triggers import drop_guard, guard, guard_unless

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# table: (why, whose permit is looked for, what is a fact, what is content, whether rows may go)
_RECORD = {
    "audit": (
        "the audit is append-only",
        "scope",
        ("scope", "n", "at", "actor", "via", "action", "subject", "prev", "hash"),
        ("detail",),
        False,
    ),
    "events": ("what was sent stays as it was sent", "session_id", ("session_id", "seq"), ("frame",), True),
    "run_events": ("the log of a run is append-only", "run_id", ("run_id", "n", "kind", "at"), ("data",), True),
    "feedback_responses": (
        "an answer stays as it was given",
        "request_id",
        ("id", "request_id", "person_id", "via", "action", "accepted", "at"),
        ("body",),
        False,
    ),
    "approvals": (
        "an approval stays as it was given",
        "request_id",
        ("request_id", "run_id", "tool", "digest", "decided_by", "decided_at"),
        ("args",),
        False,
    ),
}


def upgrade() -> None:
    op.create_table(
        "erasure_permits",
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_erasure_permits")),
    )
    op.add_column("sessions", sa.Column("erased_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_sessions_status_erased_at_updated_at", "sessions", ["status", "erased_at", "updated_at"])
    op.add_column("feedback_requests", sa.Column("erased_at", sa.BigInteger(), nullable=True))
    op.add_column("people", sa.Column("erasing_at", sa.BigInteger(), nullable=True))
    op.add_column("people", sa.Column("erased_at", sa.BigInteger(), nullable=True))
    op.add_column("people", sa.Column("erasure_cursor", sa.String(length=40), nullable=True))
    for table, (why, subject, facts, content, may_go) in _RECORD.items():
        drop_guard(f"{table}_no_update", table)
        guard(f"{table}_no_update", table, "UPDATE", why, columns=facts)
        guard_unless(f"{table}_content", table, "UPDATE", why, _permitted(subject), columns=content)
        if may_go:
            drop_guard(f"{table}_no_delete", table)
            guard_unless(f"{table}_no_delete", table, "DELETE", why, _permitted(subject))
    _guard_requests()


def _guard_requests() -> None:
    why = "a decided request stays decided"
    facts = ("status", "decided_at", "addressed", "rule", "version")
    decided = "OLD.status <> 'pending'"
    drop_guard("feedback_requests_decided", "feedback_requests")
    guard("feedback_requests_decided", "feedback_requests", "UPDATE", why, columns=facts, when=decided)
    guard_unless(
        "feedback_requests_content",
        "feedback_requests",
        "UPDATE",
        why,
        f"OLD.status = 'pending' OR {_permitted('id')}",
        columns=("body", "response", "closed"),
    )


def _permitted(column: str) -> str:
    return f"EXISTS (SELECT 1 FROM erasure_permits WHERE subject = OLD.{column})"  # noqa: S608 - columns named above
