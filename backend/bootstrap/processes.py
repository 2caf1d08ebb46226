"""The processes an installation is made of: one that does everything, or any number that serve and any number that work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from backend import failpoints
from backend.api.http.app import create_app, install_context
from backend.api.http.context import Context
from backend.api.http.principal_cache import PrincipalCache
from backend.api.http.rate_limits import RateLimits
from backend.api.live.sockets import Sockets
from backend.auth.credential_vault import Vault
from backend.auth.keys import load_secrets
from backend.auth.known_browsers import Browsers
from backend.auth.tokens import AccessTokens
from backend.bootstrap.audit_sealing import audit_sealer
from backend.bootstrap.data_dir import prepare_data_dir
from backend.bootstrap.factories import (
    approval_policy,
    caps,
    make_channels,
    make_engine,
    make_language,
    make_model,
    make_postbox,
    make_providers,
    model_settings,
    open_hooks,
)
from backend.bootstrap.resources import Resources, check_shared, open_resources
from backend.bootstrap.setup_code import setup_code
from backend.channel_inbox import ChannelInbox
from backend.core.decisions.authority import Rules, refresh_rules
from backend.core.linking.presence import extend_presence
from backend.core.mail.mailboxes import FETCH_MAIL_JOB
from backend.core.outbox.escalation import DELIVER_JOB
from backend.core.runs.lease import ADVANCE_RUN_JOB
from backend.core.sessions.audit_chain import AuditVerifier
from backend.db import Database
from backend.db.migrate import migrate
from backend.db.queries.people import dead_sign_ins
from backend.db.queries.requests import open_ids
from backend.db.transaction import SIGN_INS_TOPIC, STOPPING_TOPIC
from backend.domain.policy import Policy
from backend.domain.states import ChannelType
from backend.errors import Unavailable
from backend.messaging.queue.contract import Queue
from backend.observability.log import get_logger
from backend.settings.schema import Settings
from backend.tools.registry import registry
from backend.worker.advance_run import RunAdvancer
from backend.worker.app import Worker
from backend.worker.deliver import Deliverer
from backend.worker.fetch_mail import MailFetcher
from backend.worker.metrics_endpoint import metrics_page
from backend.worker.retention import RetentionLoop
from backend.worker.run_tool import ToolRunner
from backend.worker.stream_reply import ReplyStreamer
from channels.contract import Channel

log = get_logger(__name__)

DRAIN_S = 5.0
RECORD_S = 5.0  # for the outcome of a tool that finished at its limit
WATCH_SIGN_INS_S = 0.5
PRESENT_EVERY_S = 20.0
WATCH_QUEUE_S = 1.0


def bootstrap(settings: Settings) -> FastAPI:
    """Everything in one process: API, web app, worker. Raises SettingsError."""
    return _application(settings, "serve", works=True)


def bootstrap_api(settings: Settings) -> FastAPI:
    """API and web app alone; workers are processes of their own. Raises SettingsError."""
    check_shared(settings)
    return _application(settings, "api", works=False)


async def run_worker(settings: Settings, stop: asyncio.Event, ready: asyncio.Event, metrics_port: int | None = None) -> None:
    """A worker alone, from `ready` until `stop`, with its page for Prometheus where a port is named. Raises SettingsError."""
    check_shared(settings)
    policy = approval_policy(settings)
    failpoints.arm(settings.failpoint)
    async with open_resources(settings, "worker") as ground:
        channels = make_channels(settings, ground.db, ground.stream)
        page: AbstractAsyncContextManager[None] = nullcontext()
        if metrics_port is not None:
            page = metrics_page(metrics_port, ground.db, ground.queue, ground.measures)
        async with page, _working(settings, ground, policy, channels):
            ready.set()
            await stop.wait()


def _application(settings: Settings, process: str, works: bool) -> FastAPI:
    policy = approval_policy(settings)
    model_settings(settings)  # what is missing is named before anything starts, and what cannot be reached
    if not isinstance(settings.database, Path):
        prepare_data_dir(settings)
        migrate(settings.database, audit_sealer(settings))
    failpoints.arm(settings.failpoint)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_resources(settings, process) as ground:
            channels = make_channels(settings, ground.db, ground.stream)
            work: AbstractAsyncContextManager[None] = nullcontext()
            if works:
                work = _working(settings, ground, policy, channels)
            async with work, _serving(app, settings, ground, policy, channels):
                yield

    return create_app(lifespan, settings.hosts)


@asynccontextmanager
async def _serving(
    app: FastAPI, settings: Settings, ground: Resources, policy: Policy, channels: dict[str, Channel]
) -> AsyncIterator[None]:
    """The API's own parts, for as long as this lasts."""
    db, queue, stream, windows, measures = ground
    secrets = load_secrets(settings)
    tokens = AccessTokens(*secrets)
    sign_ins, sockets = PrincipalCache(db, tokens), Sockets()
    stream.subscribe([SIGN_INS_TOPIC], sign_ins.forget)
    budgets = RateLimits(settings.rate_limit, settings.registration_rate, windows)
    app.state.end_waiting = lambda: stream.publish_here(STOPPING_TOPIC, "")
    set_up, inbox = frozenset(channels), _inbox(settings, ground, policy, budgets)
    tell_slack = partial(sockets.tell_channel, ChannelType.SLACK)
    async with _watching(db, queue, sockets), open_hooks(settings, db, inbox, tell_slack) as hooks:
        context = Context(
            settings=settings,
            db=db,
            stream=stream,
            queue=queue,
            registry=registry,
            policy=policy,
            tokens=tokens,
            browsers=Browsers(*secrets),
            sign_ins=sign_ins,
            budgets=budgets,
            sockets=sockets,
            set_up=set_up,
            hooks=hooks,
            providers=make_providers(settings),
            vault=Vault(*secrets),
            measures=measures,
            records=AuditVerifier(),
            setup_code=setup_code(settings),
        )
        install_context(app, context)
        yield


def _inbox(settings: Settings, ground: Resources, policy: Policy, budgets: RateLimits) -> ChannelInbox:
    most = settings.max_query_length
    return ChannelInbox(ground.db, registry, policy, settings.url, most, budgets.start_work, budgets.answer)


@asynccontextmanager
async def _watching(db: Database, queue: Queue, sockets: Sockets) -> AsyncIterator[None]:
    """What open sockets hear without asking; they are closed in the end."""
    watches = [
        asyncio.create_task(_watch_sign_ins(db, sockets), name="watch sign-ins"),
        asyncio.create_task(_keep_present(db, sockets), name="keep present"),
        asyncio.create_task(_watch_queue(queue, sockets), name="watch queue"),
    ]
    try:
        yield
    finally:
        for watch in watches:
            watch.cancel()
        sockets.close_all()


@asynccontextmanager
async def _working(settings: Settings, ground: Resources, policy: Policy, channels: dict[str, Channel]) -> AsyncIterator[None]:
    """A worker with its engine, for as long as this lasts; what is under way then gets a moment to reach its next commit."""
    model = make_model(model_settings(settings))
    engine, language = make_engine(model), make_language(model)
    reply_streamer = ReplyStreamer(ground.db, channels)
    tool_runner = ToolRunner(ground.db, registry, policy, settings.data_dir)
    advancer = RunAdvancer(
        ground.db, ground.stream, engine, language, registry, policy, caps(settings), tool_runner, reply_streamer
    )
    deliverer = Deliverer(ground.db, channels, policy, settings.url)
    inbox = _inbox(settings, ground, policy, RateLimits(settings.rate_limit, settings.registration_rate, ground.windows))
    handlers = {ADVANCE_RUN_JOB: advancer.advance, DELIVER_JOB: deliverer.deliver}
    postbox = make_postbox(settings, ground.db, inbox, language)
    if postbox is not None:
        handlers[FETCH_MAIL_JOB] = MailFetcher(ground.db, postbox, settings.gmail_poll_seconds).fetch
    worker = Worker(ground.db, ground.queue, handlers)
    forgetter = RetentionLoop(ground.db, settings.retention_days)
    await _follow_rules(ground.db, Rules(registry, policy))
    worker.start()
    forgetter.start()
    try:
        yield
    finally:
        forgetter.stop()
        grace = registry.longest_s + RECORD_S
        await asyncio.gather(worker.drain(DRAIN_S, grace), tool_runner.drain(grace))
        await reply_streamer.close()
        await model.close()
        await asyncio.gather(*(channel.close() for channel in channels.values()))
        if postbox is not None:
            await postbox.close()


async def _follow_rules(db: Database, rules: Rules) -> None:
    """What is open was put under the rules of then. One that cannot be looked at is looked at again when it is answered."""
    for request_id in await db.read(open_ids):
        try:
            await db.transact(refresh_rules, request_id, rules)
        except Exception:
            log.exception("an open request was not held against the rules", request_id=request_id)


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
                await db.transact(extend_presence, sorted(sockets.presences))
            except Unavailable as error:
                log.warning("presences not kept", reason=error.detail)


async def _watch_queue(queue: Queue, sockets: Sockets) -> None:
    """Whoever has the web app open learns that the queue is away, and that it is back."""
    while True:
        sockets.tell_queue((await queue.status()).status)
        await asyncio.sleep(WATCH_QUEUE_S)
