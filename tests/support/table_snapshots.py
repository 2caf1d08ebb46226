"""Reads the tables a server keeps, past its code: each as one consistent snapshot, JSON columns as values."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

JSON = ("body", "response", "closed", "data", "detail", "settings", "ladder", "ref", "addressed", "rule")

Row = dict[str, Any]
Tables = dict[str, list[Row]]


def read_file(path: Path, ordered: Mapping[str, str]) -> Tables:
    """The tables of a SQLite file, which must be whole, each in the order of the columns it is given with."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN")
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert not connection.execute("PRAGMA foreign_key_check").fetchall()
        return {table: [_row(row) for row in connection.execute(_query(table, by))] for table, by in ordered.items()}


def read_server(url: str, ordered: Mapping[str, str]) -> Tables:
    """The tables of a PostgreSQL database, likewise."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return {table: connection.execute(_query(table, by).encode()).fetchall() for table, by in ordered.items()}


def _query(table: str, by: str) -> str:
    return f"SELECT * FROM {table} ORDER BY {by}"


def _row(row: sqlite3.Row) -> Row:
    return {name: json.loads(row[name] or "null") if name in JSON else row[name] for name in row.keys()}  # noqa: SIM118
