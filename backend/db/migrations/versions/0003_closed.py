"""Who or what ended a request without an answer."""

import sqlalchemy as sa
from alembic import op

from backend.db.append_only_triggers import drop_guard, guard

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feedback_requests", sa.Column("closed", sa.JSON(), nullable=True))
    drop_guard("feedback_requests_decided", "feedback_requests")
    guard(
        "feedback_requests_decided",
        "feedback_requests",
        "UPDATE",
        "a decided request stays decided",
        columns=("status", "response", "closed", "decided_at", "body"),
        when="OLD.status <> 'pending'",
    )
