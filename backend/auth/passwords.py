"""Password hashes: argon2 through passlib's API. Hashing takes tens of milliseconds by design, so it runs in a thread pool of
its own: it never blocks the event loop, and other blocking work never delays sign-ins."""

from functools import cache

from passlib.context import CryptContext

from backend.thread_pools import ThreadPool

MIN_LENGTH, MAX_LENGTH = 8, 1024
# OWASP's first choice. passlib's defaults cost seven times as much, which would mostly help somebody flooding the sign-in.
_context = CryptContext(schemes=["argon2"], argon2__memory_cost=19 * 1024, argon2__time_cost=2, argon2__parallelism=1)
_threads = ThreadPool("password")


async def hash_in_thread(password: str) -> str:
    return await _threads.run(hash_password, password)


async def verify_in_thread(password: str, hashed: str | None) -> bool:
    return await _threads.run(verify_password, password, hashed)


def hash_password(password: str) -> str:
    return str(_context.hash(password))


@cache
def _decoy_hash() -> str:
    return hash_password("nobody has this password")


def verify_password(password: str, hashed: str | None) -> bool:
    """Whether the password matches. Without a hash it takes as long and returns False, so that nobody can tell who has an
    account."""
    fits = bool(_context.verify(password[:MAX_LENGTH], hashed or _decoy_hash()))
    return fits and hashed is not None
