"""Migrations may be run twice and from two processes at once, and end in exactly the shape that the tables declare."""

import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import OperationalError, ProgrammingError

from backend.db.audit_sealer import Sealer
from backend.db.migrate import HEAD, _upgrade, current_revision, migrate
from backend.db.postgres.connection import connected
from backend.db.sqlite.database import connect
from backend.db.tables import metadata
from tests.support.postgres import Postgres


def shape(path: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()


@pytest.fixture
def fresh(postgres: Postgres) -> Iterator[str]:
    """The URL of a PostgreSQL database that nothing was done to yet."""
    name = f"fresh{uuid.uuid4().hex}"
    yield postgres.make(name)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


class TestMigrate:
    def test_makes_an_empty_file_whole_and_then_has_nothing_to_do(self, tmp_path: Path) -> None:
        path = tmp_path / "new" / "assent.db"
        assert migrate(path) is True
        first = shape(path)
        assert migrate(path) is False
        assert shape(path) == first
        with connect(path).connect() as connection:
            assert current_revision(connection) == HEAD

    def test_ends_in_the_shape_the_tables_declare(self, tmp_path: Path) -> None:
        path = tmp_path / "assent.db"
        migrate(path)
        with connect(path).connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
            assert compare_metadata(context, metadata) == []

    def test_two_processes_at_once_make_one_whole_file(self, tmp_path: Path) -> None:
        path = tmp_path / "assent.db"
        program = f"from pathlib import Path; from backend.db.migrate import migrate; print(migrate(Path({str(path)!r})))"
        running = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(3)]
        said = [process.communicate(timeout=60)[0].strip() for process in running]
        assert [process.returncode for process in running] == [0, 0, 0]
        assert sorted(said) == ["False", "False", "True"]

    def test_changes_nothing_when_it_fails_half_way(self, tmp_path: Path) -> None:
        path = tmp_path / "assent.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE executions (in_the_way)")
        before = shape(path)
        with pytest.raises(OperationalError, match="executions already exists"):
            migrate(path)
        assert shape(path) == before
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("DROP TABLE executions")
        assert migrate(path) is True


class TestAuditOfAnEarlierVersion:
    def test_is_sealed_where_it_ends(self, tmp_path: Path) -> None:
        path, sealer = tmp_path / "assent.db", Sealer({"k": "a key"})
        with connect(path).connect() as connection, connection.execution_options(writes=True).begin():
            _upgrade(connection, sealer, "0005")
        rows = [("ses_1", 1, "a" * 64), ("ses_1", 2, "b" * 64), ("usr_1", 1, "c" * 64)]
        with closing(sqlite3.connect(path)) as database, database:
            for scope, n, hash in rows:
                database.execute(
                    "INSERT INTO audit VALUES (?, ?, 1, 'usr_1', 'chat', 'sign_in.started', '-', '{}', '-', ?)", (scope, n, hash)
                )
        assert migrate(path, sealer)
        with connect(path).connect() as connection:
            heads = connection.exec_driver_sql("SELECT * FROM audit_heads ORDER BY scope").all()
        assert [(head.scope, head.n, head.hash) for head in heads] == [rows[1], rows[2]]
        assert all(map(sealer.fits, heads))


class TestOnPostgres:
    def test_makes_an_empty_database_whole_and_then_has_nothing_to_do(self, fresh: str) -> None:
        assert migrate(fresh) is True
        assert migrate(fresh) is False
        with connected(fresh) as connection:
            assert current_revision(connection) == HEAD
            context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
            assert compare_metadata(context, metadata) == []

    def test_two_processes_at_once_make_one_whole_database(self, fresh: str) -> None:
        program = f"from backend.db.migrate import migrate; print(migrate({fresh!r}))"
        running = [subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(3)]
        said = [process.communicate(timeout=60)[0].strip() for process in running]
        assert [process.returncode for process in running] == [0, 0, 0]
        assert sorted(said) == ["False", "False", "True"]

    def test_changes_nothing_when_it_fails_half_way(self, fresh: str) -> None:
        tables = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        with psycopg.connect(fresh, autocommit=True) as connection:
            connection.execute("CREATE TABLE executions (in_the_way int)")
            with pytest.raises(ProgrammingError, match='"executions" already exists'):
                migrate(fresh)
            assert connection.execute(tables).fetchall() == [("executions",)]
            connection.execute("DROP TABLE executions")
        assert migrate(fresh) is True

    def test_guards_the_record_against_being_emptied(self, fresh: str) -> None:
        migrate(fresh)
        with psycopg.connect(fresh, autocommit=True) as connection:
            for table in ("audit", "events", "run_events", "feedback_responses", "approvals", "feedback_requests"):
                with pytest.raises(psycopg.IntegrityError, match=r"append-only|stays"):
                    connection.execute(f"TRUNCATE {table} CASCADE".encode())
