"""`assent doctor`: check everything Assent depends on, and say how to fix what fails."""

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import typer

from backend.api.routes.web_app import DIST
from backend.auth.keys import FILE, load_secrets
from backend.bootstrap import approval_policy, model_settings
from backend.bootstrap.data_dir import files_open_to_others, in_use, is_private_folder
from backend.bootstrap.setup_code import TLS_ADVICE, is_unencrypted
from backend.core.requests.addressing import resolve_recipients
from backend.db.factory import open_database
from backend.db.integrity_check import check_database
from backend.errors import Invalid, Refusal
from backend.settings.schema import Settings, SettingsError, load_settings

MIN_REDIS_VERSION = (6, 2)
MIN_FREE_BYTES = 200 * 1024 * 1024
ANYWHERE = ("0.0.0.0", "::")
Finding = tuple[bool, str]


def doctor() -> None:
    """Check the settings, data directory, database, secret, web app, model, Slack and Gmail, and say how to fix what fails.

    Example: assent doctor
    """
    try:
        settings = load_settings()
    except SettingsError as error:
        typer.echo(f"✗ {error}", err=True)
        raise typer.Exit(1) from None
    failures = False
    for check in (_settings, _data_dir, _database, _check_approvers, _redis, _secret, _web_app, _model, _slack, _email):
        for passed, message in check(settings):
            failures |= not passed
            typer.echo(f"{'✓' if passed else '✗'} {message}")
    raise typer.Exit(int(failures))


def _settings(settings: Settings) -> Iterator[Finding]:
    yield _run_check(lambda: approval_policy(settings), "The settings are valid.")
    if is_unencrypted(settings):
        yield False, f"Passwords travel to {settings.url} unencrypted: {TLS_ADVICE}."
    yield _host_names(settings)


def _host_names(settings: Settings) -> Finding:
    served = f"Requests are answered for {', '.join(settings.hosts)}"
    if settings.host in ANYWHERE and not (settings.public_url or settings.allowed_hosts):
        return (
            False,
            f"{served} only, although ASSENT_HOST listens on every address: set ASSENT_PUBLIC_URL or ASSENT_ALLOWED_HOSTS.",
        )
    return True, f"{served}; allow others with ASSENT_ALLOWED_HOSTS."


def _data_dir(settings: Settings) -> Iterator[Finding]:
    path = settings.data_dir.resolve()
    if not path.exists():
        existing_parent = next(folder for folder in path.parents if folder.exists())
        yield (
            (True, f"{path} will be created on the first start.")
            if existing_parent.is_dir() and os.access(existing_parent, os.W_OK | os.X_OK)
            else (False, f"{path} cannot be created: make {existing_parent} writable for this user, or set ASSENT_DATA_DIR.")
        )
        return
    if not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
        yield False, f"{path} is not writable: make it writable for this user, or set ASSENT_DATA_DIR."
        return
    yield True, f"{path} can be written."
    seen = files_open_to_others(settings)
    yield (
        not seen,
        "Its files are private to this user."
        if not seen
        else f"Others can read {', '.join(map(str, seen))}: the next start makes them private, or run `chmod go-rwx` on them.",
    )
    if not is_private_folder(path):
        yield False, f"{path} is not only Assent's and stays open to other users: set ASSENT_DATA_DIR to a folder of its own."
    free = shutil.disk_usage(path).free
    yield (
        free > MIN_FREE_BYTES,
        f"{free // 2**20:,} MB are free." if free > MIN_FREE_BYTES else f"Only {free // 2**20} MB are free: free some space.",
    )
    if isinstance(settings.database, Path):
        yield (
            True,
            "Assent is running on it; a second process would refuse to start."
            if in_use(settings)
            else "No Assent process is running on it.",
        )


def _database(settings: Settings) -> Iterator[Finding]:
    return check_database(settings.database)


def _redis(settings: Settings) -> Iterator[Finding]:
    if settings.redis_url is None:
        yield True, "ASSENT_REDIS_URL is not set: the queue, the live stream and the rate limits work within one process."
        return
    from redis import Redis, RedisError

    from backend.messaging.redis_link import NON_EVICTING_POLICIES

    place = settings.redis_name
    try:
        with Redis.from_url(settings.redis_url.get_secret_value(), socket_connect_timeout=2, socket_timeout=2) as redis:
            redis.set("assent:doctor", "1", ex=1)
            version = redis.info("server")["redis_version"]
            policy = redis.info("memory").get("maxmemory_policy", NON_EVICTING_POLICIES)
    except (RedisError, OSError) as error:
        yield (
            False,
            f"Redis at {place} cannot be used ({error}): start it, or correct ASSENT_REDIS_URL. Assent runs on without it.",
        )
        return
    if policy != NON_EVICTING_POLICIES:
        yield (
            False,
            f"Redis at {place} evicts keys (maxmemory-policy {policy}): set its maxmemory-policy to {NON_EVICTING_POLICIES}.",
        )
    yield (
        _at_least(version),
        (
            f"Redis {version} at {place} takes writes."
            if _at_least(version)
            else f"Redis {version} at {place} is too old: {MIN_REDIS_VERSION[0]}.{MIN_REDIS_VERSION[1]} or newer is needed."
        ),
    )


def _at_least(version: str) -> bool:
    return tuple(map(int, version.split(".")[:2])) >= MIN_REDIS_VERSION


def _secret(settings: Settings) -> Iterator[Finding]:
    if settings.secret_key is None and not (settings.data_dir / FILE).exists():
        yield True, "A secret key will be created on the first start."
        return
    where = "ASSENT_SECRET_KEY" if settings.secret_key is not None else str(settings.data_dir / FILE)
    yield _run_check(lambda: load_secrets(settings), f"{where} contains the secret key.")


def _web_app(_settings: Settings) -> Iterator[Finding]:
    built = DIST.joinpath("index.html").exists()
    yield built, "The web app is built." if built else "The web app is not built: run `make setup`."


def _model(settings: Settings) -> Iterator[Finding]:
    passed = (
        "The demo model answers: it follows fixed rules and is not an AI. Set ASSENT_LLM to use a real model."
        if settings.llm == "demo"
        else f"The model is {settings.llm} {settings.llm_model}."
    )
    yield _run_check(lambda: model_settings(settings), passed)


def _check_approvers(settings: Settings) -> Iterator[Finding]:
    """Check that the people and groups named in ASSENT_APPROVALS exist, once there is a database."""
    try:
        named = sorted({name for names in approval_policy(settings).approvers.values() for name in names})
    except SettingsError:  # reported with the settings
        return
    if not named or (isinstance(settings.database, Path) and not settings.database.exists()):
        return
    try:
        unknown = asyncio.run(_unknown_people(settings, named))
    except Refusal as problem:
        yield False, f"The people named in ASSENT_APPROVALS cannot be looked up: {problem.detail}"
        return
    for message in unknown:
        yield False, f"ASSENT_APPROVALS: {message}, so nobody can approve that: see `assent groups add` and `assent users add`."
    if not unknown:
        yield True, f"Known here: {', '.join(named)}."


async def _unknown_people(settings: Settings, names: list[str]) -> list[str]:
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
        yield True, "Slack is not set up, so nobody is asked there (see README, Link Slack)."
    else:
        from backend.bootstrap.slack import check_slack  # bolt takes 0.4 s to import

        yield from asyncio.run(check_slack(settings))


def _email(settings: Settings) -> Iterator[Finding]:
    if not settings.has_email:
        yield True, "Gmail is not set up, so nobody is asked by email (see README, Link Gmail)."
    else:
        from backend.bootstrap.email import check_email  # Google's libraries take 0.5 s to import

        yield from asyncio.run(check_email(settings))


def _run_check(check: Callable[[], object], passed: str) -> Finding:
    try:
        check()
    except SettingsError as error:
        return False, str(error)
    return True, passed
