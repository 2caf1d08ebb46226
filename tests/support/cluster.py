"""An installation of four processes: two that serve and two that work, on one PostgreSQL, one Redis and one Slack."""

import json
from pathlib import Path
from typing import Any

from tests.support.auditor import Books, audit
from tests.support.lock_guard import make_guarded
from tests.support.person import PATIENCE_S, Person, until
from tests.support.postgres import Postgres
from tests.support.redis import RedisServer
from tests.support.server import Api, Server, Worker
from tests.support.slack import SECRET, TOKEN, Slack

# Rows that a stopped process has locked in the middle of a transaction are left alone.
HELD = "id IN (SELECT id FROM {} WHERE lease_until IS NOT NULL FOR UPDATE SKIP LOCKED)"
RUNS_LAPSE = f"UPDATE runs SET lease_until = lease_until - 60000 WHERE {HELD.format('runs')}"
COPIES_LAPSE = (
    f"UPDATE deliveries SET lease_until = lease_until - 60000, next_at = next_at - 60000 WHERE {HELD.format('deliveries')}"
)
AT_WORK = """
    SELECT id FROM runs WHERE status IN ('pending', 'running')
    UNION ALL
    SELECT d.id FROM deliveries d LEFT JOIN feedback_requests r ON r.id = d.request_id
    WHERE d.next_at IS NOT NULL AND (d.status IN ('queued', 'sending', 'retry_wait') OR r.status <> 'pending')
"""


class Cluster:
    """Not yet started. Slack sends what people do to the first API."""

    def __init__(self, folder: Path, postgres: Postgres, redis: RedisServer, slack: Slack, database: str) -> None:
        self.postgres, self.redis, self.slack, self._database = postgres, redis, slack, database
        self.data_dir, self.url = folder / "data", make_guarded(postgres, database)
        slack_settings = {"SLACK_BOT_TOKEN": TOKEN, "SLACK_SIGNING_SECRET": SECRET, "SLACK_API_URL": slack.api_url}
        settings = {"database_url": self.url, "redis_url": redis.url, **slack_settings}
        self.apis = [Api(self.data_dir, f"api{n}", **settings) for n in (1, 2)]
        self.workers = [Worker(self.data_dir, f"worker{n}", **settings) for n in (1, 2)]
        self.apis[0].port, self.apis[0].url = slack.hook_port, f"http://127.0.0.1:{slack.hook_port}"

    @property
    def processes(self) -> list[Server]:
        return [*self.apis, *self.workers]

    def start(self) -> "Cluster":
        first, *others = self.processes
        first.start()  # it makes the tables and the secret that the others find
        for process in others:
            process.start(wait=False)
        for process in others:
            process.wait_until_ready()
        return self

    def person(self, name: str = "Dana") -> tuple[Person, Person]:
        """A new account, signed in once, at each API."""
        here = self.apis[0].person(name)
        return here, Person(self.apis[1].url, here.id, here.email, here.tokens)

    def let_leases_lapse(self) -> None:
        """As if a minute had passed for whoever holds one, dead or alive. No worker's own clock says so: not for tests in which
        a call may be under way."""
        self._do(RUNS_LAPSE)
        self.let_copies_lapse()

    def let_copies_lapse(self) -> None:
        """The same for messages alone."""
        self._do(COPIES_LAPSE)

    def come_to_rest(self) -> Books:
        """Once every run has ended or waits for a person, and everything is sent and closed: the books, audited."""
        until(lambda: self._do(AT_WORK), lambda at_work: not at_work, 2 * PATIENCE_S)
        return audit(self.data_dir, self.url)

    def copies(self, request_id: str) -> dict[str, dict[str, Any]]:
        """The times of a request's copies by channel."""
        rows = self._do("SELECT channel, status, created_at, next_at FROM deliveries WHERE request_id = %s", (request_id,))
        return {row[0]: dict(zip(("status", "created_at", "next_at"), row[1:], strict=True)) for row in rows}

    def present(self, person_id: str) -> bool:
        """Whether a tab of the person's counts, in whatever process."""
        return bool(self._do("SELECT 1 FROM presences WHERE person_id = %s", (person_id,)))

    def said_by_workers(self, event: str, run_id: str) -> bool:
        """Whether a worker's log says so of the run."""
        lines = [json.loads(line) for worker in self.workers for line in worker.log.read_text().splitlines() if line[:1] == "{"]
        return any(line["event"] == event and line.get("run_id") == run_id for line in lines)

    def _do(self, statement: str, values: Any = None) -> list[tuple[Any, ...]]:
        return self.postgres.execute(statement, self._database, values)
