"""Time-outs and retry limits for calls to a model."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """Times in seconds. `total` covers one engine call with all its attempts, `stream` a whole streamed reply."""

    connect: float = 5.0
    read: float = 60.0
    first_token: float = 45.0
    idle: float = 30.0
    total: float = 120.0
    stream: float = 300.0
    attempts: int = 3
    backoff: float = 0.4
    reply_characters: int = 200_000
