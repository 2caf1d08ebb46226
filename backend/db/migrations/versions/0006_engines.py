"""Which engine a run belongs to, and what that engine keeps in it. There was one, which keeps nothing."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("runs", sa.Column("engine", sa.String(length=60), nullable=True))
    op.add_column("runs", sa.Column("engine_state", sa.JSON(), nullable=True))
    op.execute("UPDATE runs SET engine = 'baml/1' WHERE steps > 0")
