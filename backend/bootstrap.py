"""The composition root: the only file that names concrete engines, queues and streams, and says what starts in which order."""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import IO, NamedTuple

from fastapi import FastAPI

from backend import failpoints
from backend.agents.contract import Engine
from backend.agents.providers import ModelSettings
from backend.agents.tools.registry import registry
from backend.api.app import create_app, install_context
from backend.api.budgets import Budgets
from backend.api.context import Context
from backend.api.sign_ins import SignIns
from backend.api.sockets import Sockets
from backend.auth.keys import load_secret
from backend.auth.tokens import Tokens
from backend.core.connections import keep_present
from backend.core.executions import settle_cut_off
from backend.core.ladders import CARRY
from backend.core.runs import ADVANCE
from backend.db import Database, Effect, EndReply, Publish, Ring
from backend.db.database import Sink
from backend.db.deliveries import void_delivery_leases
from backend.db.migrate import migrate
from backend.db.opening import open_database
from backend.db.people import dead_sign_ins
from backend.db.runs import void_leases
from backend.db.transaction import SIGN_INS_TOPIC, STOPPING_TOPIC, person_topic
from backend.domain.policy import Policy, parse_channel_risk, parse_policy
from backend.domain.runs import Caps
from backend.errors import Unavailable
from backend.jobs.contract import Job, Queue
from backend.jobs.memory_queue import MemoryQueue
from backend.log import get_logger
from backend.settings import Settings, SettingsError
from backend.stream.contract import Stream
from backend.stream.memory_stream import MemoryStream
from backend.windows.contract import Windows
from backend.windows.memory_windows import MemoryWindows
from backend.worker.advance_run import RunAdvancer
from backend.worker.app import Worker
from backend.worker.carry import Carrier
from channels.chat.channel import ChatChannel
from channels.contract import Channel

log = get_logger(__name__)

DRAIN_S = 5.0
WATCH_SIGN_INS_S = 0.5
PRESENT_EVERY_S = 20.0


def model_settings(settings: Settings) -> ModelSettings:
    """The part of the settings an engine needs. Raises SettingsError naming what is missing."""
    own = {
        "openai": settings.openai_api_key,
        "anthropic": settings.anthropic_api_key,
        "openrouter": settings.openrouter_api_key,
        "azure": settings.azure_openai_api_key,
    }.get(settings.llm)
    key = settings.llm_api_key or own
    model = ModelSettings(
        provider=settings.llm,
        base_url=settings.llm_base_url,
        model=settings.llm_model or (settings.azure_openai_model or "" if settings.llm == "azure" else ""),
        api_key=key.get_secret_value() if key else "",
        azure_endpoint=settings.azure_openai_endpoint or "",
        azure_deployment=settings.azure_openai_deployment or "",
        azure_api_version=settings.azure_openai_api_version or ModelSettings().azure_api_version,
    )
    missing = model.validate()
    if missing:
        raise SettingsError("\n".join(missing))
    return model


def approval_policy(settings: Settings) -> Policy:
    """The rules of ASSENT_APPROVALS. Raises SettingsError naming the part that is not understood."""
    try:
        policy = parse_policy(settings.approvals, {spec.name: spec for spec in registry.specs()})
        return replace(policy, channel_risk={**policy.channel_risk, **parse_channel_risk(settings.channel_risk)})
    except ValueError as error:
        raise SettingsError(f"ASSENT_APPROVALS, ASSENT_CHANNEL_RISK: {error}") from None


def caps(settings: Settings) -> Caps:
    return Caps(settings.run_max_steps, settings.run_max_tokens, settings.run_max_seconds)


def make_engine(settings: ModelSettings) -> Engine:
    from backend.agents.baml_engine import BamlEngine  # the BAML runtime takes 0.3 s to import

    return BamlEngine(settings)


@contextmanager
def sole_use(settings: Settings) -> Iterator[None]:
    """Hold the data dir for one all-in-one process. Raises SettingsError when another holds it."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    lock: IO[str] = (settings.data_dir / "serve.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise SettingsError(
            f"ASSENT_DATA_DIR: another Assent is running on {settings.data_dir.resolve()}; stop it or use another directory."
        ) from None
    try:
        yield
    finally:
        lock.close()


class Shared(NamedTuple):
    """What processes share: the doorbell, the live frames, the counts."""

    queue: Queue
    stream: Stream
    windows: Windows


@asynccontextmanager
async def open_shared(settings: Settings) -> AsyncIterator[Shared]:
    """Redis where it is configured, whether it answers or not, else this process's memory."""
    if settings.redis_url is None:
        yield Shared(MemoryQueue(), MemoryStream(), MemoryWindows())
        return
    # redis takes 0.1 s to import, which only those who use it should wait for
    from backend.jobs.redis_queue import RedisQueue
    from backend.redis_link import RedisLink
    from backend.stream.redis_stream import RedisStream
    from backend.windows.redis_windows import RedisWindows

    async with RedisLink(settings.redis_url.get_secret_value()) as link, RedisQueue(link) as queue, RedisStream(link) as stream:
        yield Shared(queue, stream, RedisWindows(link))


def bootstrap(settings: Settings) -> FastAPI:
    """Everything in one process: API, web app, worker. Raises SettingsError."""
    model, policy = model_settings(settings), approval_policy(settings)
    failpoints.arm(settings.failpoint)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        alone = isinstance(settings.database, Path)  # on a server, other processes may be at work on the same data
        with sole_use(settings) if alone else nullcontext():
            migrate(settings.database)
            async with open_shared(settings) as (queue, stream, windows):
                db = open_database(settings.database, sink_into(stream, queue))
                engine = make_engine(model)
                advancer = RunAdvancer(db, stream, engine, registry, policy, caps(settings), settings.data_dir)
                channels = make_channels(stream)
                carrier = Carrier(db, channels, policy, settings.url)
                worker = Worker(db, queue, {ADVANCE: advancer.advance, CARRY: carrier.carry})
                tokens = Tokens(load_secret(settings))
                sign_ins, sockets = SignIns(db, tokens), Sockets()
                stream.subscribe([SIGN_INS_TOPIC], sign_ins.forget)
                budgets = Budgets(settings.rate_limit, windows)
                app.state.end_waiting = lambda: stream.publish_here(STOPPING_TOPIC, "")
                set_up = frozenset(channels)
                install_context(
                    app, Context(settings, db, stream, queue, registry, policy, tokens, sign_ins, budgets, sockets, set_up)
                )
                freed = await _take_over(db) if alone else 0
                log.info("started", url=settings.url, model=settings.llm, database=settings.database_name, resumed_leases=freed)
                worker.start()
                watches = [
                    asyncio.create_task(_watch_sign_ins(db, sockets), name="watch sign-ins"),
                    asyncio.create_task(_keep_present(db, sockets), name="keep present"),
                ]
                try:
                    yield
                finally:
                    for watch in watches:
                        watch.cancel()
                    sockets.close_all()
                    await worker.drain(DRAIN_S)
                    await engine.close()
                    await asyncio.gather(*(channel.close() for channel in channels.values()))
                    await asyncio.to_thread(db.close)
                    log.info("stopped")

    return create_app(lifespan)


def make_channels(stream: Stream) -> dict[str, Channel]:
    """Every channel that is set up here, by its name."""
    chat = ChatChannel(lambda person_id, frame: stream.publish(person_topic(person_id), frame))
    return {chat.name: chat}


async def _take_over(db: Database) -> int:
    """What an earlier process of a sole user left is void at once: its leases (how many), and executions nobody will finish."""
    freed = await db.transact(void_leases)
    await db.transact(void_delivery_leases)
    await db.transact(settle_cut_off)
    return freed


def sink_into(stream: Stream, queue: Queue) -> Sink:
    """Where effects go after commit."""

    def sink(effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Publish(topic, text, seq):
                    stream.publish(topic, text, seq)
                case Ring(kind, id):
                    queue.ring(Job(kind, id))
                case EndReply(session_id):
                    stream.end_reply(session_id)

    return sink


async def _watch_sign_ins(db: Database, sockets: Sockets) -> None:
    """Close the sockets of sign-ins that ended in another process, such as the command line."""
    while True:
        await asyncio.sleep(WATCH_SIGN_INS_S)
        watched = sockets.sign_ins()
        if watched:
            try:
                sockets.end_sign_ins(await db.read(dead_sign_ins, watched))
            except Unavailable as error:
                log.warning("sign-ins not checked", reason=error.detail)


async def _keep_present(db: Database, sockets: Sockets) -> None:
    """Let the sockets that tell of presence go on counting; those of a process that died end by themselves."""
    while True:
        await asyncio.sleep(PRESENT_EVERY_S)
        if sockets.presences:
            try:
                await db.transact(keep_present, sorted(sockets.presences))
            except Unavailable as error:
                log.warning("presences not kept", reason=error.detail)
