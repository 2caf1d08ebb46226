"""The only speaker of SQL. Use cases are plain functions over a `Tx`; `Database` runs them whole."""

from sqlalchemy import Row

from backend.db.database import Database
from backend.db.transaction import CountAttempt, Effect, EndReply, MeasureDuration, Publish, Tx, WakeWorker

__all__ = ["CountAttempt", "Database", "Effect", "EndReply", "MeasureDuration", "Publish", "Row", "Tx", "WakeWorker"]
