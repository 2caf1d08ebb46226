"""What every process of an installation stands on: its database, and what it shares with the others."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from backend.bootstrap.audit_sealing import audit_sealer
from backend.bootstrap.data_dir import prepare_data_dir, sole_use
from backend.core.runs.executions import give_up_orphaned_executions
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

CUT_OFF_MS = 3600 * 1000  # far longer than any tool may take


class Resources(NamedTuple):
    """A database, the doorbell, the live frames and the counts that processes share, and what this one measured."""

    db: Database
    queue: Queue
    stream: Stream
    windows: RateWindows
    measures: Measures


@asynccontextmanager
async def open_resources(settings: Settings, process: str) -> AsyncIterator[Resources]:
    """Migrate and open what is configured. A SQLite file has one process for everything; what an earlier one left behind
    is taken over at once. Raises SettingsError."""
    alone = isinstance(settings.database, Path)  # on a server, other processes may be at work on the same data
    prepare_data_dir(settings)
    with sole_use(settings) if alone else nullcontext():
        sealer = audit_sealer(settings)
        migrate(settings.database, sealer)
        if isinstance(settings.database, Path) and detect_restore(settings.database):
            log.warning("started on a backup: what was asked for before is asked about again before it is run")
        async with open_shared(settings) as shared:
            measures = Measures()
            db = open_database(settings.database, sink_into(shared.stream, shared.queue, measures), sealer)
            freed = await _take_over(db, alone)
            log.info("started", process=process, url=settings.url, database=settings.database_name, resumed_leases=freed)
            try:
                yield Resources(db, *shared, measures)
            finally:
                await asyncio.to_thread(db.close)
                log.info("stopped", process=process)


def check_shared(settings: Settings) -> None:
    """Raises SettingsError where several processes could not work together."""
    if isinstance(settings.database, Path):
        raise SettingsError(
            "ASSENT_DATABASE_URL: `assent api` and `assent worker` need a PostgreSQL database; on SQLite run `assent serve`."
        )
    if settings.redis_url is None:
        raise SettingsError(
            "ASSENT_REDIS_URL: `assent api` and `assent worker` need Redis to hear of each other; without it run `assent serve`."
        )


class Shared(NamedTuple):
    """What processes share: the doorbell, the live frames, the counts."""

    queue: Queue
    stream: Stream
    windows: RateWindows


@asynccontextmanager
async def open_shared(settings: Settings) -> AsyncIterator[Shared]:
    """Redis where it is configured, whether it answers or not, else this process's memory."""
    if settings.redis_url is None:
        yield Shared(MemoryQueue(), MemoryStream(), MemoryRateWindows())
        return
    # redis takes 0.1 s to import, which only those who use it should wait for
    from backend.messaging.queue.redis import RedisQueue
    from backend.messaging.rate_limits.redis import RedisRateWindows
    from backend.messaging.redis_link import Evicting, RedisLink
    from backend.messaging.stream.redis import RedisStream

    async with AsyncExitStack() as stack:
        try:
            link = await stack.enter_async_context(RedisLink(settings.redis_url.get_secret_value()))
        except Evicting as error:
            raise SettingsError(f"ASSENT_REDIS_URL: Redis at {settings.redis_name} cannot be used: {error}.") from None
        queue, stream = await stack.enter_async_context(RedisQueue(link)), await stack.enter_async_context(RedisStream(link))
        yield Shared(queue, stream, RedisRateWindows(link))


async def _take_over(db: Database, alone: bool) -> int:
    """Settle what earlier processes left. A sole one voids their leases (how many); beside others, leases lapse."""
    if not alone:
        await db.transact(give_up_orphaned_executions, CUT_OFF_MS)
        return 0
    freed = await db.transact(void_leases)
    await db.transact(void_delivery_leases)
    await db.transact(void_mailbox_leases)
    await db.transact(delete_all_presences)
    await db.transact(give_up_orphaned_executions)
    return freed


def sink_into(stream: Stream, queue: Queue, measures: Measures) -> Sink:
    """Where effects go after commit."""

    def sink(effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Publish(topic, text, seq):
                    stream.publish(topic, text, seq)
                case WakeWorker(kind, id):
                    queue.ring(Job(kind, id))
                case EndReply(session_id):
                    stream.end_reply(session_id)
                case CountAttempt(channel, verb, outcome):
                    measures.attempted(channel, verb, outcome)
                case MeasureDuration(what, channel, seconds):
                    measures.took(what, channel, seconds)

    return sink
