"""Open what every process needs: the database, the queue, the live stream and the rate limits."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from backend.bootstrap.audit_sealing import audit_sealer
from backend.bootstrap.data_dir import lock_data_dir, prepare_data_dir
from backend.core.runs.tool_executions import give_up_orphaned_executions
from backend.db import CountAttempt, Database, Effect, EndReply, MeasureDuration, Publish, WakeWorker
from backend.db.backups import detect_restore
from backend.db.database import Sink
from backend.db.factory import open_database
from backend.db.migrate import migrate
from backend.db.queries.deliveries import void_delivery_leases
from backend.db.queries.linked_accounts import delete_all_presences
from backend.db.queries.mail import void_mailbox_leases
from backend.db.queries.runs import void_leases
from backend.messaging.queue.contract import Job, Queue
from backend.messaging.queue.memory import MemoryQueue
from backend.messaging.rate_limits.contract import RateWindows
from backend.messaging.rate_limits.memory import MemoryRateWindows
from backend.messaging.stream.contract import Stream
from backend.messaging.stream.memory import MemoryStream
from backend.observability.log import get_logger
from backend.observability.metrics import Measures
from backend.settings.schema import Settings, SettingsError

log = get_logger(__name__)

ABANDONED_AFTER_MS = 3600 * 1000  # far longer than any tool may run


class Resources(NamedTuple):
    """The database, the queue, the live stream and the rate limits, and the metrics of this process."""

    db: Database
    queue: Queue
    stream: Stream
    rate_windows: RateWindows
    metrics: Measures


@asynccontextmanager
async def open_resources(settings: Settings, process: str) -> AsyncIterator[Resources]:
    """Migrate and open what is configured. A SQLite file is used by one process, which voids an earlier one's leases at once.
    Raises SettingsError."""
    all_in_one = isinstance(settings.database, Path)  # on a database server, other processes may be working on the same data
    prepare_data_dir(settings)
    with lock_data_dir(settings) if all_in_one else nullcontext():
        sealer = audit_sealer(settings)
        migrate(settings.database, sealer)
        if isinstance(settings.database, Path) and detect_restore(settings.database):
            log.warning("process.started_from_backup")
        async with open_shared(settings) as shared:
            metrics = Measures()
            db = open_database(settings.database, make_effect_sink(shared.stream, shared.queue, metrics), sealer)
            resumed = await _settle_earlier_processes(db, all_in_one)
            log.info(
                "process.started", process=process, url=settings.url, database=settings.database_name, resumed_leases=resumed
            )
            try:
                yield Resources(db, *shared, metrics)
            finally:
                await asyncio.to_thread(db.close)
                log.info("process.stopped", process=process)


def check_multi_process(settings: Settings) -> None:
    """Raises SettingsError if the settings do not let several processes work together."""
    if isinstance(settings.database, Path):
        raise SettingsError(
            "ASSENT_DATABASE_URL: `assent api` and `assent worker` need a PostgreSQL database; on SQLite run `assent serve`."
        )
    if settings.redis_url is None:
        raise SettingsError(
            "ASSENT_REDIS_URL: `assent api` and `assent worker` need Redis to notify each other; without it run `assent serve`."
        )


class Shared(NamedTuple):
    """What processes share: the queue, the live stream and the rate limits."""

    queue: Queue
    stream: Stream
    rate_windows: RateWindows


@asynccontextmanager
async def open_shared(settings: Settings) -> AsyncIterator[Shared]:
    """Use Redis if it is configured, even while it does not answer; otherwise this process's memory."""
    if settings.redis_url is None:
        yield Shared(MemoryQueue(), MemoryStream(), MemoryRateWindows())
        return
    # redis takes 0.1 s to import
    from backend.messaging.queue.redis import RedisQueue
    from backend.messaging.rate_limits.redis import RedisRateWindows
    from backend.messaging.redis_link import EvictionPolicyError, RedisLink
    from backend.messaging.stream.redis import RedisStream

    async with AsyncExitStack() as stack:
        try:
            link = await stack.enter_async_context(RedisLink(settings.redis_url.get_secret_value()))
        except EvictionPolicyError as error:
            raise SettingsError(f"ASSENT_REDIS_URL: Redis at {settings.redis_name} cannot be used: {error}.") from None
        queue, stream = await stack.enter_async_context(RedisQueue(link)), await stack.enter_async_context(RedisStream(link))
        yield Shared(queue, stream, RedisRateWindows(link))


async def _settle_earlier_processes(db: Database, all_in_one: bool) -> int:
    """Settle what earlier processes left behind. An all-in-one process voids their leases and returns how many; beside other
    processes, leases expire on their own."""
    if not all_in_one:
        await db.transact(give_up_orphaned_executions, ABANDONED_AFTER_MS)
        return 0
    resumed = await db.transact(void_leases)
    await db.transact(void_delivery_leases)
    await db.transact(void_mailbox_leases)
    await db.transact(delete_all_presences)
    await db.transact(give_up_orphaned_executions)
    return resumed


def make_effect_sink(stream: Stream, queue: Queue, metrics: Measures) -> Sink:
    """The sink that publishes a transaction's effects after its commit."""

    def sink(effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Publish(topic, text, seq):
                    stream.publish(topic, text, seq)
                case WakeWorker(kind, id):
                    queue.enqueue(Job(kind, id))
                case EndReply(session_id):
                    stream.end_reply(session_id)
                case CountAttempt(channel, verb, outcome):
                    metrics.record_attempt(channel, verb, outcome)
                case MeasureDuration(what, channel, seconds):
                    metrics.record_duration(what, channel, seconds)

    return sink
