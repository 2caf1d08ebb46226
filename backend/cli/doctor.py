"""`assent doctor`: everything the product stands on, each with what to do when it is not well."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import typer

from backend.api.routes.web_app import DIST
from backend.auth.keys import FILE, load_secrets
from backend.bootstrap import approval_policy, model_settings
from backend.bootstrap.data_dir import exposed, in_use, is_own
from backend.bootstrap.setup_code import PUT_TLS_BEFORE, is_unencrypted
from backend.core.requests.addressing import resolve_recipients
from backend.db.check import check_database
from backend.db.factory import open_database
from backend.errors import Invalid, Refusal
from backend.settings.schema import Settings, SettingsError, load_settings

OLDEST_REDIS = (6, 2)
LEAST_FREE = 200 * 1024 * 1024
ANYWHERE = ("0.0.0.0", "::")
Finding = tuple[bool, str]


def doctor() -> None:
    """Check settings, data directory, database, secret, web app, model, Slack and Gmail, and say what to do.

    Example: assent doctor
    """
    try:
        settings = load_settings()
    except SettingsError as error:
        typer.echo(f"✗ {error}", err=True)
        raise typer.Exit(1) from None
    ill = False
    for check in (_settings, _data_dir, _database, _approvers, _redis, _secret, _web_app, _model, _slack, _email):
        for well, said in check(settings):
            ill |= not well
            typer.echo(f"{'✓' if well else '✗'} {said}")
    raise typer.Exit(int(ill))


def _settings(settings: Settings) -> Iterator[Finding]:
    yield _attempt(lambda: approval_policy(settings), "Settings are understood.")
    if is_unencrypted(settings):
        yield False, f"Passwords travel to {settings.url} unencrypted: {PUT_TLS_BEFORE}."
    yield _names(settings)


def _names(settings: Settings) -> Finding:
    served = f"Requests are answered for {', '.join(settings.hosts)}"
    if settings.host in ANYWHERE and not (settings.public_url or settings.allowed_hosts):
        return False, f"{served} alone, though ASSENT_HOST listens everywhere: set ASSENT_PUBLIC_URL or ASSENT_ALLOWED_HOSTS."
    return True, f"{served}; others need ASSENT_ALLOWED_HOSTS."


def _data_dir(settings: Settings) -> Iterator[Finding]:
    path = settings.data_dir.resolve()
    if not path.exists():
        above = next(folder for folder in path.parents if folder.exists())
        yield (
            (True, f"{path} will be made on the first start.")
            if above.is_dir() and os.access(above, os.W_OK | os.X_OK)
            else (False, f"{path} cannot be made: make {above} writable for this user, or set ASSENT_DATA_DIR.")
        )
        return
    if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
        yield False, f"{path} cannot be written: make it a folder of this user, or set ASSENT_DATA_DIR."
        return
    yield True, f"{path} can be written."
    seen = exposed(settings)
    yield (
        not seen,
        "Its files are private."
        if not seen
        else f"Others can read {', '.join(map(str, seen))}: a start closes them, or run `chmod go-rwx` on them.",
    )
    if not is_own(path):
        yield False, f"{path} serves more than Assent and stays open to others: set ASSENT_DATA_DIR to a folder of its own."
    free = shutil.disk_usage(path).free
    yield (
        free > LEAST_FREE,
        f"{free // 2**20:,} MB are free." if free > LEAST_FREE else f"Only {free // 2**20} MB are free: make room.",
    )
    if isinstance(settings.database, Path):
        yield True, "Assent is running on it: a second one would be refused." if in_use(settings) else "No Assent runs on it."


def _database(settings: Settings) -> Iterator[Finding]:
    return check_database(settings.database)


def _redis(settings: Settings) -> Iterator[Finding]:
    if settings.redis_url is None:
        yield True, "Without ASSENT_REDIS_URL, queue, stream and rate limits stay within one process."
        return
    from redis import Redis, RedisError

    from backend.messaging.redis_link import KEEPING

    place = settings.redis_name
    try:
        with Redis.from_url(settings.redis_url.get_secret_value(), socket_connect_timeout=2, socket_timeout=2) as redis:
            redis.set("assent:doctor", "1", ex=1)
            version = redis.info("server")["redis_version"]
            policy = redis.info("memory").get("maxmemory_policy", KEEPING)
    except (RedisError, OSError) as error:
        yield (
            False,
            f"Redis at {place} cannot be used ({error}): start it, or correct ASSENT_REDIS_URL. Assent runs on without it.",
        )
        return
    if policy != KEEPING:
        yield False, f"Redis at {place} evicts keys (maxmemory-policy {policy}): set its maxmemory-policy to {KEEPING}."
    yield (
        _at_least(version),
        (
            f"Redis {version} at {place} takes writes."
            if _at_least(version)
            else f"Redis {version} at {place} is too old: {OLDEST_REDIS[0]}.{OLDEST_REDIS[1]} or newer is needed."
        ),
    )


def _at_least(version: str) -> bool:
    return tuple(map(int, version.split(".")[:2])) >= OLDEST_REDIS


def _secret(settings: Settings) -> Iterator[Finding]:
    if settings.secret_key is None and not (settings.data_dir / FILE).exists():
        yield True, "A secret key will be made on the first start."
        return
    where = "ASSENT_SECRET_KEY" if settings.secret_key is not None else str(settings.data_dir / FILE)
    yield _attempt(lambda: load_secrets(settings), f"{where} holds the secret key.")


def _web_app(_settings: Settings) -> Iterator[Finding]:
    built = DIST.joinpath("index.html").exists()
    yield built, "The web app is built." if built else "The web app is not built: run `make setup`."


def _model(settings: Settings) -> Iterator[Finding]:
    well = (
        "The demo model answers: deterministic, not an AI. Set ASSENT_LLM for a real one."
        if settings.llm == "demo"
        else f"The model is {settings.llm} {settings.llm_model}."
    )
    yield _attempt(lambda: model_settings(settings), well)


def _approvers(settings: Settings) -> Iterator[Finding]:
    """Whom the rules name, once there is a database to know them by."""
    try:
        named = sorted({name for names in approval_policy(settings).approvers.values() for name in names})
    except SettingsError:  # told with the settings
        return
    if not named or (isinstance(settings.database, Path) and not settings.database.exists()):
        return
    try:
        unknown = asyncio.run(_strangers(settings, named))
    except Refusal as problem:
        yield False, f"Whom ASSENT_APPROVALS names cannot be looked up: {problem.detail}"
        return
    for said in unknown:
        yield False, f"ASSENT_APPROVALS: {said}, so nobody can approve that: see `assent groups add` and `assent users add`."
    if not unknown:
        yield True, f"Known here: {', '.join(named)}."


async def _strangers(settings: Settings, names: list[str]) -> list[str]:
    db = open_database(settings.database, lambda effects: None)
    try:
        await db.read(resolve_recipients, names)
        return []
    except Invalid as refused:
        return [error.message for error in refused.errors]
    finally:
        db.close()


def _slack(settings: Settings) -> Iterator[Finding]:
    if not settings.has_slack:
        yield True, "Slack is not set up: nobody is asked there (README, Link Slack)."
    else:
        from backend.bootstrap.slack import examine_slack  # bolt takes 0.4 s to import

        yield from asyncio.run(examine_slack(settings))


def _email(settings: Settings) -> Iterator[Finding]:
    if not settings.has_email:
        yield True, "Gmail is not set up: nobody is asked by email (README, Link Gmail)."
    else:
        from backend.bootstrap.email import examine_email  # Google's libraries take 0.5 s to import

        yield from asyncio.run(examine_email(settings))


def _attempt(check: Callable[[], object], well: str) -> Finding:
    try:
        check()
    except SettingsError as error:
        return False, str(error)
    return True, well
