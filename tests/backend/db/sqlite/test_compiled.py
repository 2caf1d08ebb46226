"""What runs on the driver gives what SQLAlchemy gives, and only what comes again is compiled."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    create_engine,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from backend.db.sqlite.compiled import FetchedResult, OpenTransaction, Statements
from backend.domain.states import FeedbackStatus

things = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("status", String(24)),
    Column("body", JSON),
    Column("note", JSON, nullable=True),
    Column("open", Boolean, default=True),
)
ROWS: list[dict[str, Any]] = [
    {"id": 1, "status": FeedbackStatus.PENDING, "body": {"a": [1, 2.5, "ä"]}, "note": None},
    {"id": 2, "status": FeedbackStatus.ANSWERED, "body": [], "note": {"b": None}},
    {"id": 3, "status": None, "body": "text", "note": [True]},
]
_insert = insert(things)
_all = select(things).order_by(things.c.id)
_some = select(things.c.id, func.length(things.c.status).label("chars")).where(
    things.c.status.in_(("pending", "answered")), things.c.id >= bindparam("least")
)
_count = select(func.count()).select_from(things)
_close = (
    update(things)
    .where(things.c.id == bindparam("which"), things.c.status.in_(["pending"]))
    .values(open=bindparam("now_open"), note=bindparam("why"), id=things.c.id + bindparam("step"))
    .returning(things.c.id, things.c.open, things.c.note)
)


@pytest.fixture
def connection() -> Iterator[Connection]:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    things.metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def fast(connection: Connection) -> OpenTransaction:
    return OpenTransaction(connection, Statements(connection.dialect))


def again(fast: OpenTransaction, statement: Any, parameters: Any = None) -> FetchedResult:
    """The second time and every later one it runs on the driver."""
    fast.execute(statement, parameters).all()
    answer = fast.execute(statement, parameters)
    assert isinstance(answer, FetchedResult)
    return answer


class TestCompiled:
    def test_writes_and_reads_every_type_as_sqlalchemy_does(self, connection: Connection, fast: OpenTransaction) -> None:
        connection.execute(_insert, ROWS)
        slow = connection.execute(_all).all()
        connection.execute(text("DELETE FROM things"))
        for row in ROWS[:1]:
            fast.execute(_insert, row)
        fast.execute(_insert, ROWS[1:2])
        fast.execute(_insert, ROWS[2:])
        rows = again(fast, _all).all()
        assert rows == slow == connection.execute(_all).all()
        assert [dict(row._mapping) for row in rows] == [dict(row._mapping) for row in slow]
        assert (rows[0].body, rows[0].note, rows[0].open) == ({"a": [1, 2.5, "ä"]}, None, True)

    def test_writes_many_rows_at_once(self, connection: Connection, fast: OpenTransaction) -> None:
        fast.execute(_insert, {**ROWS[0], "id": 9})
        assert fast.execute(_insert, ROWS).rowcount == 3
        assert [row.id for row in connection.execute(_all)] == [1, 2, 3, 9]

    def test_keeps_the_values_that_belong_to_the_statement(self, connection: Connection, fast: OpenTransaction) -> None:
        connection.execute(_insert, ROWS)
        found = again(fast, _some, {"least": 2})
        assert (
            [(row.id, row.chars) for row in found] == [(2, 8)] == [tuple(row) for row in connection.execute(_some, {"least": 2})]
        )

    def test_tells_what_a_change_did(self, connection: Connection, fast: OpenTransaction) -> None:
        connection.execute(_insert, ROWS)
        change = {"which": 1, "now_open": False, "why": {"said": "no"}, "step": 10}
        again(fast, _close, {**change, "which": 3})
        answer = fast.execute(_close, change)
        assert answer.rowcount == 1
        assert answer.one()._mapping == {"id": 11, "open": False, "note": {"said": "no"}}
        assert fast.execute(_close, change).all() == []
        assert fast.execute(_close, change).first() is fast.execute(_close, change).scalar() is None

    def test_counts(self, connection: Connection, fast: OpenTransaction) -> None:
        connection.execute(_insert, ROWS)
        assert again(fast, _count).scalar_one() == 3

    def test_wants_every_parameter(self, fast: OpenTransaction) -> None:
        again(fast, _some, {"least": 1})
        for parameters in ({}, {"most": 1}):
            with pytest.raises(SQLAlchemyError, match="least"):
                fast.execute(_some, parameters)


class TestStatements:
    def test_that_are_built_for_one_call_are_left_to_sqlalchemy(self, connection: Connection, fast: OpenTransaction) -> None:
        connection.execute(_insert, ROWS)
        for least in (1, 2):
            assert not isinstance(fast.execute(_all.where(things.c.id >= least)), FetchedResult)

    def test_that_hold_a_list_of_the_caller_are_left_to_sqlalchemy(self, connection: Connection, fast: OpenTransaction) -> None:
        connection.execute(_insert, ROWS)
        listed = select(things.c.id).where(things.c.id.in_(bindparam("ids", expanding=True)))
        for ids in ([1], [1, 2], [3]):
            assert [row.id for row in fast.execute(listed, {"ids": ids})] == ids

    def test_are_forgotten_with_whoever_built_them(self, connection: Connection) -> None:
        statements = Statements(connection.dialect)
        built = select(things.c.id)
        for _ in range(3):
            OpenTransaction(connection, statements).execute(built).all()
        assert len(statements._known) == 1
        del built
        connection.engine.clear_compiled_cache()
        gc.collect()
        assert len(statements._known) == 0
