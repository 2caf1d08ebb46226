"""How the secrets of an installation are written: one, or several, of which the newest comes first and the others still open."""

LEAST_LENGTH, LEAST_CHARACTERS = 32, 12


def parse_secrets(text: str) -> tuple[str, ...]:
    """The secrets in `text`, one a line, or between commas where each part would do alone. Raises ValueError."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [part for line in lines for part in _parts(line)]
    if not found or not all(map(_will_do, found)):
        raise ValueError("use 32 or more random characters (`openssl rand -base64 48`), or leave it unset: one is made and kept")
    return tuple(found)


def _parts(line: str) -> list[str]:
    parts = [part.strip() for part in line.split(",")]
    return parts if all(map(_will_do, parts)) else [line]


def _will_do(secret: str) -> bool:
    return len(secret) >= LEAST_LENGTH and len(set(secret)) >= LEAST_CHARACTERS
