"""Instants are whole milliseconds since 1970 UTC inside, RFC 3339 text outside."""

from datetime import UTC, datetime


def to_text(at: int) -> str:
    """`2026-11-21T02:00:00.000Z` for an instant in milliseconds."""
    return f"{datetime.fromtimestamp(at // 1000, UTC).isoformat()[:19]}.{at % 1000:03d}Z"


def to_text_or_none(at: int | None) -> str | None:
    return None if at is None else to_text(at)
