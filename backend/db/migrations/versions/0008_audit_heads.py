"""Where each audit chain ends, so that its last rows cannot be taken away unnoticed."""

import sqlalchemy as sa
from alembic import context, op

from backend.db.append_only_triggers import guard, guard_whole

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    heads = op.create_table(
        "audit_heads",
        sa.Column("scope", sa.String(length=40), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("seal", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_audit_heads")),
    )
    guard("audit_heads_no_delete", "audit_heads", "DELETE", "the end of an audit stays")
    guard_whole("audit_heads", "the end of an audit stays")
    sealer = context.config.attributes["sealer"]
    ends = "SELECT scope, n, hash FROM audit AS a WHERE n = (SELECT max(n) FROM audit AS b WHERE b.scope = a.scope)"
    rows = [
        {"scope": scope, "n": n, "hash": hash, "seal": sealer.seal(scope, n, hash)}
        for scope, n, hash in op.get_bind().execute(sa.text(ends))
    ]
    if rows:
        op.bulk_insert(heads, rows)
