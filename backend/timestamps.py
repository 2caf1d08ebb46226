"""Convert instants: whole milliseconds since 1970 UTC inside the server, RFC 3339 text in the API."""

from datetime import UTC, datetime


def to_text(at: int) -> str:
    """`2026-11-21T02:00:00.000Z` for an instant in milliseconds."""
    return f"{datetime.fromtimestamp(at // 1000, UTC).isoformat()[:19]}.{at % 1000:03d}Z"


def from_text(text: str) -> int:
    """The instant in milliseconds that `to_text` wrote."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def for_people(at: int, now: int) -> str:
    """`today at 14:03 UTC`, `yesterday at 14:03 UTC`, `on 3 March at 14:03 UTC`; with the year where it is another."""
    then, today = datetime.fromtimestamp(at // 1000, UTC), datetime.fromtimestamp(now // 1000, UTC)
    days = (today.date() - then.date()).days
    if days in (0, 1):
        day = ("today", "yesterday")[days]
    else:
        day = f"on {then.day} {then:%B}" + ("" if then.year == today.year else f" {then.year}")
    return f"{day} at {then:%H:%M} UTC"


def to_text_or_none(at: int | None) -> str | None:
    return None if at is None else to_text(at)
