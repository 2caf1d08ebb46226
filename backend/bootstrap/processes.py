"""The processes of an installation: a single one that does everything, or any number of API processes and workers."""

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
from backend.api.live.heartbeats import send_heartbeats
from backend.api.live.sockets import Sockets
from backend.auth.credential_vault import Vault
from backend.auth.keys import load_secrets
from backend.auth.known_browsers import KnownBrowsers
from backend.auth.tokens import AccessTokens
from backend.bootstrap.audit_sealing import audit_sealer
from backend.bootstrap.data_dir import prepare_data_dir
from backend.bootstrap.factories import (
    approval_policy,
    make_channels,
    make_engine,
    make_language,
    make_mailbox_reader,
    make_model,
    make_providers,
    model_settings,
    open_webhooks,
    run_caps,
)
from backend.bootstrap.resources import Resources, check_multi_process, open_resources
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

DRAIN_SECONDS = 5.0
RECORD_S = 5.0  # to record the outcome of a tool that finished at its time limit
WATCH_SIGN_INS_S = 0.5
RENEW_PRESENCE_S = 20.0
WATCH_QUEUE_S = 1.0


def bootstrap(settings: Settings) -> FastAPI:
    """Everything in one process: API, web app, worker. Raises SettingsError."""
    return _application(settings, "serve", runs_worker=True)


def bootstrap_api(settings: Settings) -> FastAPI:
    """API and web app only; workers run as separate processes. Raises SettingsError."""
    check_multi_process(settings)
    return _application(settings, "api", runs_worker=False)


async def run_worker(settings: Settings, stop: asyncio.Event, ready: asyncio.Event, metrics_port: int | None = None) -> None:
    """A worker only: sets `ready` once it runs, and runs until `stop` is set, with a metrics page if a port is given. Raises
    SettingsError."""
    check_multi_process(settings)
    policy = approval_policy(settings)
    failpoints.arm(settings.failpoint)
    async with open_resources(settings, "worker") as resources:
        channels = make_channels(settings, resources.db, resources.stream)
        page: AbstractAsyncContextManager[None] = nullcontext()
        if metrics_port is not None:
            page = metrics_page(metrics_port, resources.db, resources.queue, resources.metrics)
        async with page, _run_worker(settings, resources, policy, channels):
            ready.set()
            await stop.wait()


def _application(settings: Settings, process: str, runs_worker: bool) -> FastAPI:
    policy = approval_policy(settings)
    model_settings(settings)  # missing settings are reported before anything starts
    if not isinstance(settings.database, Path):
        prepare_data_dir(settings)
        migrate(settings.database, audit_sealer(settings))
    failpoints.arm(settings.failpoint)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_resources(settings, process) as resources:
            channels = make_channels(settings, resources.db, resources.stream)
            work: AbstractAsyncContextManager[None] = nullcontext()
            if runs_worker:
                work = _run_worker(settings, resources, policy, channels)
            async with work, _run_api(app, settings, resources, policy, channels):
                yield

    return create_app(lifespan, settings.hosts)


@asynccontextmanager
async def _run_api(
    app: FastAPI, settings: Settings, resources: Resources, policy: Policy, channels: dict[str, Channel]
) -> AsyncIterator[None]:
    """Run what only the API needs, until the context ends."""
    db, queue, stream, rate_windows, metrics = resources
    secrets = load_secrets(settings)
    tokens = AccessTokens(*secrets)
    principal_cache, sockets = PrincipalCache(db, tokens), Sockets()
    stream.subscribe([SIGN_INS_TOPIC], principal_cache.forget)
    rate_limits = RateLimits(settings.rate_limit, settings.registration_rate, rate_windows)
    app.state.end_waiting = lambda: stream.publish_here(STOPPING_TOPIC, "")
    set_up, inbox = frozenset(channels), _make_channel_inbox(settings, resources, policy, rate_limits)
    report_slack_problem = partial(sockets.announce_channel_problem, ChannelType.SLACK)
    async with _watch_for_sockets(db, queue, sockets), open_webhooks(settings, db, inbox, report_slack_problem) as hooks:
        context = Context(
            settings=settings,
            db=db,
            stream=stream,
            queue=queue,
            registry=registry,
            policy=policy,
            tokens=tokens,
            browsers=KnownBrowsers(*secrets),
            principal_cache=principal_cache,
            rate_limits=rate_limits,
            sockets=sockets,
            set_up=set_up,
            hooks=hooks,
            providers=make_providers(settings),
            vault=Vault(*secrets),
            metrics=metrics,
            records=AuditVerifier(),
            setup_code=setup_code(settings),
        )
        install_context(app, context)
        yield


def _make_channel_inbox(settings: Settings, resources: Resources, policy: Policy, rate_limits: RateLimits) -> ChannelInbox:
    max_length = settings.max_query_length
    return ChannelInbox(resources.db, registry, policy, settings.url, max_length, rate_limits.start_work, rate_limits.answer)


@asynccontextmanager
async def _watch_for_sockets(db: Database, queue: Queue, sockets: Sockets) -> AsyncIterator[None]:
    """Run the background tasks that notify open sockets; close the sockets at the end."""
    watches = [
        asyncio.create_task(_watch_sign_ins(db, sockets), name="watch sign-ins"),
        asyncio.create_task(_renew_presence(db, sockets), name="keep present"),
        asyncio.create_task(_watch_queue(queue, sockets), name="watch queue"),
        asyncio.create_task(send_heartbeats(db, sockets), name="heartbeats"),
    ]
    try:
        yield
    finally:
        for watch in watches:
            watch.cancel()
        sockets.close_all()


@asynccontextmanager
async def _run_worker(
    settings: Settings, resources: Resources, policy: Policy, channels: dict[str, Channel]
) -> AsyncIterator[None]:
    """Run a worker and its engine until the context ends. Work in progress then gets a moment to reach its next commit."""
    model = make_model(model_settings(settings))
    engine, language = make_engine(model), make_language(model)
    reply_streamer = ReplyStreamer(resources.db, channels)
    tool_runner = ToolRunner(resources.db, registry, policy, settings.data_dir)
    advancer = RunAdvancer(
        resources.db, resources.stream, engine, language, registry, policy, run_caps(settings), tool_runner, reply_streamer
    )
    deliverer = Deliverer(resources.db, channels, policy, settings.url)
    inbox = _make_channel_inbox(
        settings, resources, policy, RateLimits(settings.rate_limit, settings.registration_rate, resources.rate_windows)
    )
    handlers = {ADVANCE_RUN_JOB: advancer.advance, DELIVER_JOB: deliverer.deliver}
    mailbox_reader = make_mailbox_reader(settings, resources.db, inbox, language)
    if mailbox_reader is not None:
        handlers[FETCH_MAIL_JOB] = MailFetcher(resources.db, mailbox_reader, settings.gmail_poll_seconds).fetch
    worker = Worker(resources.db, resources.queue, handlers)
    retention_loop = RetentionLoop(resources.db, settings.retention_days)
    await _apply_policy_to_open_requests(resources.db, Rules(registry, policy))
    worker.start()
    retention_loop.start()
    try:
        yield
    finally:
        retention_loop.stop()
        drain_timeout = registry.longest_s + RECORD_S
        await asyncio.gather(worker.drain(DRAIN_SECONDS, drain_timeout), tool_runner.drain(drain_timeout))
        await reply_streamer.close()
        await model.close()
        await asyncio.gather(*(channel.close() for channel in channels.values()))
        if mailbox_reader is not None:
            await mailbox_reader.close()


async def _apply_policy_to_open_requests(db: Database, rules: Rules) -> None:
    """Apply the current policy to requests that were opened under an earlier one. One that fails here is checked again when it
    is answered."""
    for request_id in await db.read(open_ids):
        try:
            await db.transact(refresh_rules, request_id, rules)
        except Exception:
            log.exception("policy.request_not_checked", request_id=request_id)


async def _watch_sign_ins(db: Database, sockets: Sockets) -> None:
    """Close the sockets of sign-ins that another process ended, such as the command line."""
    while True:
        await asyncio.sleep(WATCH_SIGN_INS_S)
        watched = sockets.sign_ins()
        if watched:
            try:
                sockets.end_sign_ins(await db.read(dead_sign_ins, watched))
            except Unavailable as error:
                log.warning("sockets.sign_ins_not_checked", reason=error.detail)


async def _renew_presence(db: Database, sockets: Sockets) -> None:
    """Renew the presence of open sockets; that of a process that died expires."""
    while True:
        await asyncio.sleep(RENEW_PRESENCE_S)
        if sockets.presences:
            try:
                await db.transact(extend_presence, sorted(sockets.presences))
            except Unavailable as error:
                log.warning("sockets.presence_not_renewed", reason=error.detail)


async def _watch_queue(queue: Queue, sockets: Sockets) -> None:
    """Tell open web apps when the queue becomes unavailable and when it is back."""
    while True:
        sockets.announce_queue_status((await queue.status()).status)
        await asyncio.sleep(WATCH_QUEUE_S)
