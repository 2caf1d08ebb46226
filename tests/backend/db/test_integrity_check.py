"""What the doctor says of a database, and that it changes nothing."""

import uuid
from pathlib import Path

from backend.db.integrity_check import check_database
from backend.db.migrate import HEAD
from tests.support.postgres import Postgres


class TestFile:
    def test_that_is_migrated_is_well(self, file: Path) -> None:
        assert list(check_database(file)) == [(True, "The database is whole."), (True, f"The database is at revision {HEAD}.")]

    def test_that_is_not_there_yet_is_well_and_not_made(self, tmp_path: Path) -> None:
        assert [well for well, _ in check_database(tmp_path / "none.db")] == [True]
        assert not (tmp_path / "none.db").exists()

    def test_that_is_no_database_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "words.db").write_text("not a database, and long enough to be read as one" * 100)
        [(well, said)] = check_database(tmp_path / "words.db")
        assert not well
        assert "restore it from a backup" in said


class TestServer:
    def test_that_is_migrated_is_well(self, database_url: str) -> None:
        version, revision = check_database(database_url)
        assert version[0] and version[1].startswith("PostgreSQL ")
        assert revision == (True, f"The database is at revision {HEAD}.")

    def test_that_is_behind_says_what_to_do(self, postgres: Postgres) -> None:
        name = f"old{uuid.uuid4().hex}"
        old = postgres.make(name)
        assert list(check_database(old))[1] == (True, "The tables will be made on the first start.")
        postgres.execute("CREATE TABLE alembic_version (version_num text)", name)
        postgres.execute("INSERT INTO alembic_version VALUES ('0000')", name)
        assert list(check_database(old))[1] == (False, f"The database is at revision 0000, not {HEAD}: run `assent migrate`.")
        postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def test_that_does_not_answer_is_told_without_the_password(self) -> None:
        [(well, said)] = check_database("postgresql://assent:not-to-be-shown@127.0.0.1:1/assent")
        assert not well
        assert "cannot be reached" in said and "ASSENT_DATABASE_URL" in said
        assert "not-to-be-shown" not in said

    def test_that_does_not_know_us_is_told_without_the_password(self, database_url: str) -> None:
        unknown = database_url.replace("postgres@", "stranger:not-to-be-shown@")
        [(well, said)] = check_database(unknown)
        assert not well
        assert "stranger" in said
        assert "not-to-be-shown" not in said
