"""Triggers by which the database itself refuses to rewrite what is on record; for migrations, on either database."""

from collections.abc import Sequence

from alembic import op

REFUSE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation'; END $$
"""


def _is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"


def prepare_guards() -> None:
    """Once in a database's life, before the first guard."""
    if not _is_sqlite():
        op.execute(REFUSE)


def guard(name: str, table: str, verb: str, why: str, *, columns: Sequence[str] = (), when: str = "") -> None:
    """Refuse `verb` (UPDATE or DELETE) on rows of `table`, of `columns` only where told, and `when` the old row is so."""
    event = f"BEFORE {verb}{' OF ' + ', '.join(columns) if columns else ''} ON {table}"
    condition = f"WHEN ({when})" if when else ""
    if _is_sqlite():
        op.execute(f"CREATE TRIGGER {name} {event} {condition} BEGIN SELECT RAISE(ABORT, '{why}'); END")
    else:
        op.execute(f"CREATE TRIGGER {name} {event} FOR EACH ROW {condition} EXECUTE FUNCTION refuse_change('{why}')")


def guard_whole(table: str, why: str) -> None:
    """Refuse to empty the table at once; only PostgreSQL has a verb for that."""
    if not _is_sqlite():
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_change('{why}')"
        )


def drop_guard(name: str, table: str) -> None:
    op.execute(f"DROP TRIGGER {name}" if _is_sqlite() else f"DROP TRIGGER {name} ON {table}")


def guard_unless(name: str, table: str, verb: str, why: str, unless: str, *, columns: Sequence[str] = ()) -> None:
    """Refuse `verb`, of `columns` only where told, unless the condition over OLD holds; it may look into other tables."""
    event = f"BEFORE {verb}{' OF ' + ', '.join(columns) if columns else ''} ON {table}"
    if _is_sqlite():
        op.execute(f"CREATE TRIGGER {name} {event} WHEN NOT ({unless}) BEGIN SELECT RAISE(ABORT, '{why}'); END")
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NOT ({unless}) THEN "
        f"RAISE EXCEPTION '{why}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        f"RETURN {'OLD' if verb == 'DELETE' else 'NEW'}; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} {event} FOR EACH ROW EXECUTE FUNCTION {name}()")
