"""Alembic's entry: runs the versions on the connection it is handed, each in its transaction."""

from alembic import context

from backend.db.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
