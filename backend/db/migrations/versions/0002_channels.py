"""Channels: linked accounts, ladders, and deliveries under a lease."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_tables()
    _extend_deliveries()
    _create_attempts()
    op.add_column("sessions", sa.Column("channel", sa.String(length=24), nullable=True))


def _create_tables() -> None:
    op.create_table(
        "groups",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_groups")),
    )
    op.create_table(
        "connections",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("account", sa.String(length=300), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_connections_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connections")),
        sa.UniqueConstraint("channel", "account", name=op.f("uq_connections_channel_account")),
    )
    op.create_index("ix_connections_person_id", "connections", ["person_id"])

    op.create_table(
        "group_members",
        sa.Column("group_name", sa.String(length=100), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_group_members_person_id")),
        sa.PrimaryKeyConstraint("group_name", "person_id", name=op.f("pk_group_members")),
    )
    op.create_table(
        "installations",
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("account", sa.String(length=300), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("installed_by", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["installed_by"], ["people.id"], name=op.f("fk_installations_installed_by")),
        sa.PrimaryKeyConstraint("channel", "account", name=op.f("pk_installations")),
    )
    op.create_table(
        "link_proofs",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_link_proofs_person_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_link_proofs")),
    )
    op.create_table(
        "preferences",
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("wait_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_preferences_person_id")),
        sa.PrimaryKeyConstraint("person_id", "channel", name=op.f("pk_preferences")),
    )
    op.create_table(
        "presences",
        sa.Column("socket_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_presences_person_id")),
        sa.PrimaryKeyConstraint("socket_id", name=op.f("pk_presences")),
    )
    op.create_index("ix_presences_person_id", "presences", ["person_id"])

    op.create_table(
        "threads",
        sa.Column("channel", sa.String(length=24), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("session_id", sa.String(length=40), nullable=False),
        sa.Column("thread", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_threads_session_id")),
        sa.PrimaryKeyConstraint("channel", "place", name=op.f("pk_threads")),
    )
    op.create_index("ix_threads_session_id", "threads", ["session_id"])


def _extend_deliveries() -> None:
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("session_id", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("round", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("step", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("ladder", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("words", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("account", sa.String(length=300), nullable=True))
        batch_op.add_column(sa.Column("thread", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("ref", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("token", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("lease_until", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("next_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("created_at", sa.BigInteger(), nullable=False, server_default="0"))
        batch_op.alter_column("request_id", existing_type=sa.VARCHAR(length=40), nullable=True)
        batch_op.create_index("ix_deliveries_next_at", ["next_at"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_deliveries_session_id"), "sessions", ["session_id"], ["id"])
    with op.batch_alter_table("deliveries", schema=None) as batch_op:  # the defaults were for the rows that were there
        for name, type_ in (
            ("round", sa.Integer()),
            ("step", sa.Integer()),
            ("token", sa.Integer()),
            ("created_at", sa.BigInteger()),
        ):
            batch_op.alter_column(name, existing_type=type_, existing_nullable=False, server_default=None)


def _create_attempts() -> None:
    op.create_table(
        "delivery_attempts",
        sa.Column("delivery_id", sa.String(length=40), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("verb", sa.String(length=24), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name=op.f("fk_delivery_attempts_delivery_id")),
        sa.PrimaryKeyConstraint("delivery_id", "n", name=op.f("pk_delivery_attempts")),
    )
