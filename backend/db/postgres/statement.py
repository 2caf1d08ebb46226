"""SQLAlchemy's statements in the server's own form, compiled once for as long as the module that built them keeps them."""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import JSON, Column, Row
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.engine import result_tuple
from sqlalchemy.sql import Executable
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.schema import ScalarElementColumnDefault
from sqlalchemy.types import NullType

from backend.db.postgres.text_format import decoder_of, encode, encode_document, encode_document_or_null

_dialect = dialects.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
_compiled: WeakKeyDictionary[Executable, dict[tuple[str, ...], "ServerStatement"]] = WeakKeyDictionary()

Encoder = Callable[[Any], bytes | None]
Slot = tuple[str | None, bytes | None, Encoder]  # a parameter's name, or an encoded constant
INT8 = 20


class ServerStatement:
    """`text` has parameters $1, $2, ...; `types` are the oids of those whose type the server cannot infer, else 0."""

    __slots__ = ("_decoders", "_make_row", "_slots", "text", "types")

    def __init__(self, text: bytes, slots: list[Slot], types: list[int]) -> None:
        self.text = text
        self.types = types
        self._slots = slots
        self._make_row: Callable[[list[Any]], Row[Any]] | None = None
        self._decoders: list[tuple[int, Callable[[bytes], Any]]] = []

    def encode(self, parameters: Mapping[str, Any]) -> list[bytes | None]:
        """The values of $1, $2, ..."""
        return [constant if name is None else encoder(parameters[name]) for name, constant, encoder in self._slots]

    def rows(self, result: Any) -> list[Row[Any]]:
        """Decode the rows of a `psycopg.pq.PGresult`."""
        if self._make_row is None:
            columns = range(result.nfields)
            self._decoders = [(column, decoder_of(result.ftype(column))) for column in columns]
            self._make_row = result_tuple([result.fname(column).decode() for column in columns])
        make_row, value = self._make_row, result.get_value
        return [
            make_row([None if (cell := value(row, column)) is None else decode(cell) for column, decode in self._decoders])
            for row in range(result.ntuples)
        ]


def compile_statement(statement: Executable, parameters: Mapping[str, Any]) -> ServerStatement:
    """The statement for parameters of these names. Raises KeyError later if one that it needs is missing."""
    names = tuple(parameters)
    known = _compiled.get(statement)
    if known is None:
        known = _compiled[statement] = {}
    found = known.get(names)
    if found is None:
        found, is_reusable = _compile(statement, parameters)
        if is_reusable:
            known[names] = found
    return found


def _compile(statement: Any, parameters: Mapping[str, Any]) -> tuple[ServerStatement, bool]:
    """With whether it holds for other values: one with a list of values does not."""
    compiled: SQLCompiler = statement.compile(dialect=_dialect, column_keys=list(parameters))
    expanded = compiled.construct_expanded_state(parameters, escape_names=False)
    names = expanded.positiontup or ()
    defaults = {column.key: _default(column) for column in compiled.insert_prefetch or ()}
    constants = {**expanded.parameters, **defaults}
    slots = [_slot(compiled.binds.get(name), name, parameters, constants) for name in names]
    types = [_type(compiled.binds.get(name), parameters.get(name)) for name in names]
    is_reusable = all(bind.key not in parameters for bind in compiled.post_compile_params)
    return ServerStatement(expanded.statement.encode(), slots, types), is_reusable


def _default(column: Column[Any]) -> Any:
    if not isinstance(column.default, ScalarElementColumnDefault):
        raise TypeError(f"the default of {column} is not a constant")
    return column.default.arg


def _slot(bind: Any, name: str, given: Collection[str], constants: Mapping[str, Any]) -> Slot:
    """`bind` is None for a member of a list."""
    encoder = encode if bind is None else _encoder(bind.type)
    return (name, None, encoder) if name in given else (None, encoder(constants[name]), encoder)


def _type(bind: Any, value: Any) -> int:
    return INT8 if bind is not None and isinstance(bind.type, NullType) and type(value) is int else 0


def _encoder(type_: Any) -> Encoder:
    if isinstance(type_, JSON):
        return encode_document_or_null if type_.none_as_null else encode_document
    return encode
