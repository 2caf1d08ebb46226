"""The only speaker of SQL. Use cases are plain functions over a `Tx`; `Database` runs them whole."""

from sqlalchemy import Row

from backend.db.database import Database
from backend.db.transaction import Attempted, Effect, EndReply, Publish, Ring, Took, Tx

__all__ = ["Attempted", "Database", "Effect", "EndReply", "Publish", "Ring", "Row", "Took", "Tx"]
