"""Who or what ended a request without an answer."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feedback_requests", sa.Column("closed", sa.JSON(), nullable=True))
    op.execute("DROP TRIGGER feedback_requests_decided")
    op.execute(
        "CREATE TRIGGER feedback_requests_decided "
        "BEFORE UPDATE OF status, response, closed, decided_at, body ON feedback_requests "
        "WHEN OLD.status <> 'pending' BEGIN SELECT RAISE(ABORT, 'a decided request stays decided'); END"
    )
