"""The only speaker of SQL. Use cases are plain functions over a `Tx`; `Database` runs them whole."""

from sqlalchemy import Row

from backend.db.database import Database
from backend.db.transaction import Effect, EndReply, Publish, Ring, Tx

__all__ = ["Database", "Effect", "EndReply", "Publish", "Ring", "Row", "Tx"]
