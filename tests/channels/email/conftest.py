"""A database for what comes in by mail."""

from tests.backend.conftest import file, migrated, opened_sqlite

__all__ = ["file", "migrated", "opened_sqlite"]
