"""Who sees and decides a request, in one place; what people said that counts; whose address is proven.

Bodies held copies of whom a request was put to; they go. What was asked stays with whom it was asked: by person, as it was
resolved then. Addresses count as proven where an administrator had named them (members of groups), for administrators
themselves, and where the same address was linked by mail."""

import sqlalchemy as sa
from alembic import op

from backend.db.append_only_triggers import drop_guard, guard, guard_whole

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WHY = "a vote stays as it was given"

_requests = sa.table(
    "feedback_requests",
    sa.column("id", sa.String),
    sa.column("session_id", sa.String),
    sa.column("body", sa.JSON),
    sa.column("addressed", sa.JSON),
    sa.column("version", sa.Integer),
    sa.column("created_at", sa.BigInteger),
)
_sessions = sa.table("sessions", sa.column("id", sa.String), sa.column("person_id", sa.String))
_responses = sa.table(
    "feedback_responses",
    *(sa.column(name, sa.String) for name in ("request_id", "person_id", "action", "via")),
    sa.column("accepted", sa.Boolean),
    sa.column("at", sa.BigInteger),
)
_approvals = sa.table("approvals", sa.column("request_id", sa.String), sa.column("digest", sa.String))
_recipients = sa.table(
    "recipients",
    *(sa.column(name, sa.String) for name in ("request_id", "person_id", "role", "status")),
    sa.column("position", sa.Integer),
    sa.column("created_at", sa.BigInteger),
)
_votes = sa.table(
    "votes",
    *(sa.column(name, sa.String) for name in ("request_id", "person_id", "action", "digest", "via")),
    sa.column("version", sa.Integer),
    sa.column("at", sa.BigInteger),
)


def upgrade() -> None:
    _create_tables()
    drop_guard("feedback_requests_decided", "feedback_requests")
    op.add_column("feedback_requests", sa.Column("addressed", sa.JSON(), nullable=True))
    op.add_column("feedback_requests", sa.Column("rule", sa.JSON(), nullable=True))
    _carry_over()
    _guard()
    op.drop_index("ix_feedback_recipients_request_id", "feedback_recipients")
    op.drop_table("feedback_recipients")
    _prove_addresses()


def _create_tables() -> None:
    op.create_table(
        "recipients",
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=24), nullable=False),
        sa.Column("delegated_by", sa.String(length=40), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["feedback_requests.id"], name=op.f("fk_recipients_request_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_recipients_person_id")),
        sa.ForeignKeyConstraint(["delegated_by"], ["people.id"], name=op.f("fk_recipients_delegated_by")),
        sa.PrimaryKeyConstraint("request_id", "person_id", "role", name=op.f("pk_recipients")),
    )
    op.create_index("ix_recipients_person_id_status", "recipients", ["person_id", "status"])
    op.create_table(
        "votes",
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.String(length=40), nullable=False),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("via", sa.String(length=24), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["feedback_requests.id"], name=op.f("fk_votes_request_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_votes_person_id")),
        sa.PrimaryKeyConstraint("request_id", "person_id", name=op.f("pk_votes")),
    )


def _carry_over() -> None:
    connection = op.get_bind()
    owners = {row.id: row.person_id for row in connection.execute(sa.select(_sessions))}
    asked = sa.select(*(_requests.c[name] for name in ("id", "session_id", "body", "created_at")))
    for row in connection.execute(asked).all():
        to = list(row.body["to"])
        body = {name: value for name, value in row.body.items() if name not in ("to", "recipients")}
        values = {"body": body, "addressed": [{"person": id} for id in to]}
        connection.execute(sa.update(_requests).where(_requests.c.id == row.id).values(**values))
        seats = [(owners[row.session_id], "owner", 0), *((id, "decider", place) for place, id in enumerate(to))]
        common = {"request_id": row.id, "status": "active", "created_at": row.created_at}
        connection.execute(
            sa.insert(_recipients),
            [{**common, "person_id": person, "role": role, "position": place} for person, role, place in seats],
        )
    accepted = (
        sa.select(
            *(_responses.c[name] for name in ("request_id", "person_id", "action", "via", "at")),
            _requests.c.version,
            _approvals.c.digest,
        )
        .join(_requests, _requests.c.id == _responses.c.request_id)
        .outerjoin(_approvals, _approvals.c.request_id == _responses.c.request_id)
        .where(_responses.c.accepted, _responses.c.person_id.is_not(None))
    )
    said = [dict(row._mapping) for row in connection.execute(accepted)]
    if said:
        connection.execute(sa.insert(_votes), said)


def _guard() -> None:
    guard(
        "feedback_requests_decided",
        "feedback_requests",
        "UPDATE",
        "a decided request stays decided",
        columns=("status", "response", "closed", "decided_at", "body", "addressed", "rule", "version"),
        when="OLD.status <> 'pending'",
    )
    for verb in ("UPDATE", "DELETE"):
        guard(f"votes_no_{verb.lower()}", "votes", verb, WHY)
    guard_whole("votes", WHY)


def _prove_addresses() -> None:
    op.add_column("people", sa.Column("confirmed_at", sa.BigInteger(), nullable=True))
    op.add_column("people", sa.Column("confirmed_by", sa.String(length=24), nullable=True))
    linked = "SELECT 1 FROM connections WHERE person_id = people.id AND channel = 'email' AND lower(account) = people.email"
    named = "SELECT 1 FROM group_members WHERE person_id = people.id"
    for how, known in (("mail", f"EXISTS ({linked})"), ("administrator", f"role = 'admin' OR EXISTS ({named})")):
        proven = f"confirmed_at = created_at, confirmed_by = '{how}'"
        op.execute(f"UPDATE people SET {proven} WHERE confirmed_at IS NULL AND ({known})")  # noqa: S608  nothing comes from outside
