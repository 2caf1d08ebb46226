"""Whose messages, mails and sign-ins are to go is found without reading all of them."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table, column in (
        ("deliveries", "session_id"),
        ("deliveries", "person_id"),
        ("mails", "session_id"),
        ("mails", "person_id"),
        ("sign_ins", "expires_at"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column])
