"""When the database was put back from a backup: what it then took for open may have been done since."""

from sqlalchemy import Column, Integer, Table

from backend.db.tables.base import at, metadata

restores = Table("restores", metadata, Column("id", Integer, primary_key=True), at("noticed_at"))
