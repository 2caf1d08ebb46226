"""Replies that are shown while they are being written."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("run_id", sa.String(length=40), nullable=False),
        sa.Column("delivery_id", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("account", sa.String(length=300), nullable=False),
        sa.Column("thread", sa.JSON(), nullable=False),
        sa.Column("ref", sa.JSON(), nullable=True),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_drafts_run_id")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_drafts")),
    )
