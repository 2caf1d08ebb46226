"""The format of secret keys: one, or several with the newest first, of which the others still decrypt."""

MIN_LENGTH, MIN_DISTINCT_CHARACTERS = 32, 12


def parse_secrets(text: str) -> tuple[str, ...]:
    """The secrets in `text`, one per line, or separated by commas if each part is strong enough by itself. Raises ValueError."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [part for line in lines for part in _parts(line)]
    if not found or not all(map(_is_strong_enough, found)):
        raise ValueError(
            "use 32 or more random characters (`openssl rand -base64 48`), or leave it unset and one is created for you"
        )
    return tuple(found)


def _parts(line: str) -> list[str]:
    parts = [part.strip() for part in line.split(",")]
    return parts if all(map(_is_strong_enough, parts)) else [line]


def _is_strong_enough(secret: str) -> bool:
    return len(secret) >= MIN_LENGTH and len(set(secret)) >= MIN_DISTINCT_CHARACTERS
