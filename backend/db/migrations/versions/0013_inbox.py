"""What somebody is asked is listed newest first without reading all they were ever asked: the rows that say who sees a request
also say when it was made and how it stands. The database keeps that equal by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

FOLLOW = "UPDATE recipients SET request_status = NEW.status WHERE request_id = NEW.id"


def upgrade() -> None:
    op.add_column("recipients", sa.Column("asked_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("recipients", sa.Column("request_status", sa.String(length=24), nullable=False, server_default="pending"))
    op.execute(
        "UPDATE recipients SET (asked_at, request_status) = "
        "(SELECT created_at, status FROM feedback_requests WHERE feedback_requests.id = recipients.request_id)"
    )
    op.drop_index("ix_recipients_person_id_status", "recipients")
    op.create_index("ix_recipients_listed", "recipients", ["person_id", "status", "asked_at", "request_id"])
    op.create_index("ix_recipients_inbox", "recipients", ["person_id", "status", "request_status", "asked_at", "request_id"])
    _follow()


def _follow() -> None:
    when = "AFTER UPDATE OF status ON feedback_requests"
    if op.get_context().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER recipients_follow {when} BEGIN {FOLLOW}; END")
        return
    op.execute(f"CREATE FUNCTION recipients_follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {FOLLOW}; RETURN NULL; END $$")
    op.execute(f"CREATE TRIGGER recipients_follow {when} FOR EACH ROW EXECUTE FUNCTION recipients_follow()")
