"""Who keeps a sign-in, the web app or a program; for one that was begun before, its next refresh tells."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sign_ins", sa.Column("door", sa.String(length=24), nullable=True))
