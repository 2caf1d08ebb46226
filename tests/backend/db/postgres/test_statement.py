"""Statements in the server's own form: what they send, what is read back, and how long they are kept."""

import gc
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from sqlalchemy import (
    JSON,
    Column,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    case,
    insert,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.sql import Executable

from backend.db.postgres.pipelined_transaction import PendingAnswer, PipelinedTransaction
from backend.db.postgres.statement import _compiled, compile_statement
from backend.db.postgres.thread_connections import open_pipeline
from tests.support.postgres import Postgres

things = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", String(20)),
    Column("size", Integer, nullable=False, default=7),
    Column("kept", JSON),
    Column("bare", JSON(none_as_null=True)),
)


class Server:
    """A connection to a database with one table, rolled back at the end."""

    def __init__(self, url: str) -> None:
        self.pipeline = open_pipeline(url)
        self._transaction = PipelinedTransaction(self.pipeline, b"BEGIN")
        create = "CREATE TEMPORARY TABLE things (id int PRIMARY KEY, name varchar(20), size int, kept json, bare json)"
        self.pipeline.queue(create.encode())

    def run(self, statement: Executable, parameters: Any = None) -> PendingAnswer:
        return self._transaction.execute(statement, parameters)


@pytest.fixture
def server(postgres: Postgres) -> Iterator[Server]:
    running = Server(postgres.url("postgres"))
    yield running
    running.pipeline.close()


class TestStatement:
    def test_sends_parameters_constants_and_defaults(self, server: Server) -> None:
        server.run(insert(things), {"id": 1, "name": "a"})
        server.run(update(things).where(things.c.id == bindparam("one")).values(size=things.c.size + 3), {"one": 1})
        assert tuple(server.run(select(things.c.name, things.c.size)).one()) == ("a", 10)

    def test_is_run_for_each_of_several_sets_of_parameters(self, server: Server) -> None:
        server.run(insert(things), [{"id": n, "name": "same"} for n in range(3)])
        assert server.run(update(things).values(name="other")).rowcount == 3
        assert [row.id for row in server.run(select(things.c.id).order_by(things.c.id))] == [0, 1, 2]

    @pytest.mark.parametrize("ids", [[], [1], [1, 2, 5]])
    def test_with_a_list_is_made_for_the_list(self, server: Server, ids: list[int]) -> None:
        server.run(insert(things), [{"id": n} for n in range(4)])
        listed = select(things.c.id).where(things.c.id.in_(bindparam("ids", expanding=True))).order_by(things.c.id)
        for wanted in (ids, [3]):
            assert [row.id for row in server.run(listed, {"ids": wanted})] == [n for n in wanted if n < 4]

    def test_tells_a_json_null_from_none_at_all(self, server: Server) -> None:
        server.run(insert(things), [{"id": 1, "kept": None, "bare": None}, {"id": 2, "kept": {"a": [1]}, "bare": {}}])
        server.run(insert(things).values(id=3, kept=null()))
        absent = select(things.c.id, things.c.kept.is_(null()), things.c.bare.is_(null())).order_by(things.c.id)
        assert [tuple(row) for row in server.run(absent)] == [(1, False, True), (2, False, False), (3, True, True)]
        assert [row.kept for row in server.run(select(things.c.kept).order_by(things.c.id))] == [None, {"a": [1]}, None]

    def test_reads_each_type_of_ours(self, server: Server) -> None:
        texts = ("true", "NULL", "4611686018427387904", "1.5::float8", "'ü\N{GRINNING FACE}'", "sum(3::bigint)")
        columns: list[Any] = [literal_column(text) for text in texts]
        assert list(server.run(select(*columns)).one()) == [True, None, 2**62, 1.5, "ü\N{GRINNING FACE}", Decimal(3)]

    def test_says_that_a_number_is_one_where_the_server_cannot_tell(self, server: Server) -> None:
        server.run(insert(things), {"id": 1})
        when = case((things.c.id == 1, bindparam("at")), else_=None)
        server.run(update(things).values(size=when), {"at": 5})
        assert server.run(select(things.c.size)).scalar_one() == 5

    def test_needs_all_its_parameters(self, server: Server) -> None:
        with pytest.raises(Exception, match="one"):
            server.run(select(things).where(things.c.id == bindparam("one")))


class TestKeeping:
    def test_a_kept_statement_is_compiled_once_and_another_goes_with_its_call(self) -> None:
        kept = select(things.c.id).where(things.c.name == bindparam("name"))
        assert compile_statement(kept, {"name": "a"}) is compile_statement(kept, {"name": "b"})
        before = len(_compiled)
        compile_statement(select(things.c.id).where(things.c.name == "gone"), {})
        gc.collect()
        assert len(_compiled) <= before


class TestPipeline:
    def test_after_a_failure_the_rest_is_skipped_and_can_be_said_again(self, server: Server) -> None:
        pipeline = server.pipeline
        pipeline.sync()
        bad, after = pipeline.queue(b"SELECT 1/0"), pipeline.queue(b"SELECT 'skipped'")
        with pytest.raises(psycopg.errors.DivisionByZero):
            _ = after.result
        assert not bad.has_arrived and not pipeline.broken
        pipeline.queue(b"ROLLBACK")
        assert pipeline.queue(b"SELECT 'skipped'").result.get_value(0, 0) == b"skipped"

    def test_what_was_sent_without_waiting_is_read_before_what_comes_next(self, server: Server) -> None:
        server.pipeline.queue(b"SELECT 'first'")
        server.pipeline.send()
        server.pipeline.send()
        assert server.pipeline.queue(b"SELECT 'second'").result.get_value(0, 0) == b"second"

    def test_whose_sent_statement_failed_is_of_no_use_any_more(self, server: Server) -> None:
        server.pipeline.queue(b"SELECT 1/0")
        server.pipeline.send()
        with pytest.raises(psycopg.OperationalError, match="division by zero"):
            server.pipeline.sync()
        assert server.pipeline.broken

    def test_carries_more_than_a_socket_holds_both_ways(self, server: Server) -> None:
        large = b"x" * 300_000
        replies = [server.pipeline.queue(b"SELECT $1::text", [large]) for _ in range(20)]
        assert all(reply.result.get_value(0, 0) == large for reply in replies)

    def test_gives_up_on_a_server_that_stands_still(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("backend.db.postgres.pipeline.ANSWER_S", 0.1)
        with pytest.raises(psycopg.OperationalError, match="did not answer"):
            _ = server.pipeline.queue(b"SELECT pg_sleep(5)").result
        assert server.pipeline.broken
