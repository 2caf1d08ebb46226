"""Password hashes: argon2 through passlib's API. Hashing takes tens of milliseconds on purpose, so it has threads of its own:
it holds no event loop up, and nothing else that waits keeps people from signing in."""

from functools import cache

from passlib.context import CryptContext

from backend.thread_pools import Threads

MIN_LENGTH, MAX_LENGTH = 8, 1024
# OWASP's first choice of parameters. More (passlib's own are seven times as dear) would mostly help whoever floods the sign-in.
_context = CryptContext(schemes=["argon2"], argon2__memory_cost=19 * 1024, argon2__time_cost=2, argon2__parallelism=1)
_threads = Threads("password")


async def hash_in_thread(password: str) -> str:
    return await _threads.run(hash_password, password)


async def verify_in_thread(password: str, hashed: str | None) -> bool:
    return await _threads.run(verify_password, password, hashed)


def hash_password(password: str) -> str:
    return str(_context.hash(password))


@cache
def _nobodys() -> str:
    return hash_password("nobody has this password")


def verify_password(password: str, hashed: str | None) -> bool:
    """Whether the password fits. Without a hash it works as long and says no, so that nobody can tell who has an account."""
    fits = bool(_context.verify(password[:MAX_LENGTH], hashed or _nobodys()))
    return fits and hashed is not None
