"""Column shorthands shared by the tables."""

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, MetaData, String, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def key(name: str = "id") -> Column[str]:
    return Column(name, String(40), primary_key=True)


def ref(name: str, target: str, **more: Any) -> Column[str]:
    """A foreign key; NOT NULL unless told."""
    return Column(name, String(40), ForeignKey(target), **{"nullable": False, **more})


def at(name: str, nullable: bool = False) -> Column[int]:
    """An instant in milliseconds since 1970 UTC."""
    return Column(name, BigInteger, nullable=nullable)


def words(name: str, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def one_of(name: str, length: int = 24) -> Column[str]:
    """A state's name."""
    return Column(name, String(length), nullable=False)
