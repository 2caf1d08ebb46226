"""Statements in SQLite's own SQL: compiled once, for as long as the module that built them keeps them."""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Column, Connection, CursorResult, Dialect, Row
from sqlalchemy.sql import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import SelectBase

Parameters = Mapping[str, Any]
Process = Callable[[Any], Any]


class _Mapped:
    """What rows have of SQLAlchemy's beside names and places."""

    __slots__ = ()
    _fields: tuple[str, ...]

    @property
    def _mapping(self) -> Mapping[str, Any]:
        return dict(zip(self._fields, self, strict=True))  # type: ignore[call-overload]


class FetchedResult:
    """What a statement found or did, with the reading methods of SQLAlchemy's CursorResult that queries use."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: list[Row[Any]], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def all(self) -> list[Row[Any]]:
        return self._rows

    def first(self) -> Row[Any] | None:
        return self._rows[0] if self._rows else None

    def one(self) -> Row[Any]:
        (row,) = self._rows
        return row

    def scalar(self) -> Any:
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        return self.one()[0]

    def __iter__(self) -> Iterator[Row[Any]]:
        return iter(self._rows)


class Compiled:
    """A statement for parameters of certain names."""

    def __init__(self, statement: Any, compiled: SQLCompiler, dialect: Dialect, given: Sequence[str]) -> None:
        rendered = compiled.construct_expanded_state(dict.fromkeys(given))
        self._text = rendered.statement
        self._dialect = dialect
        self._types = [column.type.dialect_impl(dialect) for column in statement.exported_columns]
        defaults = {column.key: _default(column) for column in compiled.insert_prefetch or ()}
        constants = {**rendered.parameters, **defaults}
        self._slots = [self._slot(compiled, name, constants, given) for name in rendered.positiontup or ()]
        self._row: Callable[[Sequence[Any]], Any] | None = None

    def _slot(
        self, compiled: SQLCompiler, name: str, constants: Parameters, given: Sequence[str]
    ) -> tuple[str | None, Any, Process | None]:
        """(the parameter's name, None, how it is converted), or (None, the constant as the driver takes it, None)."""
        bind = compiled.binds.get(name)
        process = None if bind is None else bind.type.dialect_impl(self._dialect).bind_processor(self._dialect)
        if name in given:
            return name, None, process
        return None, process(constants[name]) if process else constants[name], None

    def run(self, driver: Any, parameters: Parameters) -> FetchedResult:
        cursor = driver.execute(self._text, self._values(parameters))
        if cursor.description is None:
            return FetchedResult([], cursor.rowcount)
        if self._row is None:
            self._row = self._reader([each[0] for each in cursor.description])
        return FetchedResult([self._row(row) for row in cursor.fetchall()], cursor.rowcount)

    def run_many(self, driver: Any, many: Sequence[Parameters]) -> FetchedResult:
        return FetchedResult([], driver.executemany(self._text, [self._values(one) for one in many]).rowcount)

    def _values(self, parameters: Parameters) -> list[Any]:
        return [
            constant if name is None else process(parameters[name]) if process else parameters[name]
            for name, constant, process in self._slots
        ]

    def _reader(self, names: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
        """What makes a row of what the driver gives: a tuple whose items have names."""
        row: Any = type("Row", (_Mapped, namedtuple("Row", names)), {"__slots__": ()})
        processes = [type_.result_processor(self._dialect, None) for type_ in self._types]
        odd = [(place, process) for place, process in enumerate(processes) if process]
        if not odd:
            return row._make  # type: ignore[no-any-return]

        def read(values: Sequence[Any]) -> Any:
            converted = list(values)
            for place, process in odd:
                converted[place] = process(converted[place])
            return row._make(converted)

        return read


def _default(column: Column[Any]) -> Any:
    if column.default is None or not column.default.is_scalar:
        raise TypeError(f"the default of {column} is made anew for each row")
    return column.default.arg  # type: ignore[attr-defined]


class Statements:
    """The compiled statements of one database."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: WeakKeyDictionary[Any, dict[tuple[str, ...], Compiled | None]] = WeakKeyDictionary()

    def find(self, statement: Any, parameters: Parameters) -> Compiled | None:
        """The statement, compiled when it comes for the second time: one that was built for a single call does not come back.
        None: SQLAlchemy is to run it."""
        known = self._known.get(statement)
        if known is None:
            self._known[statement] = {}
            return None
        names = tuple(parameters)
        if names not in known:
            known[names] = self._compile(statement, names)
        return known[names]

    def _compile(self, statement: Any, names: tuple[str, ...]) -> Compiled | None:
        """None for one whose text depends on its values, such as a list to be looked for."""
        if not isinstance(statement, SelectBase | UpdateBase):
            return None
        compiled: Any = statement.compile(dialect=self._dialect, column_keys=sorted(names))
        if any(bind.required for bind in compiled.post_compile_params):
            return None
        return Compiled(statement, compiled, self._dialect, names)


class OpenTransaction:
    """What a `Tx` speaks to: statements go straight to the driver where they are known, else through SQLAlchemy."""

    __slots__ = ("_connection", "_driver", "_statements")

    def __init__(self, connection: Connection, statements: Statements) -> None:
        self._connection = connection
        self._driver = connection.connection.driver_connection
        self._statements = statements

    def execute(
        self, statement: Executable, parameters: Parameters | Sequence[Parameters] | None = None
    ) -> FetchedResult | CursorResult[Any]:
        many = None if parameters is None or isinstance(parameters, Mapping) else parameters
        one: Any = (parameters or {}) if many is None else many[0]
        compiled = self._statements.find(statement, one)
        if compiled is None:
            return self._connection.execute(statement, parameters)
        if many is None or len(many) == 1:
            return compiled.run(self._driver, one)
        return compiled.run_many(self._driver, many)
