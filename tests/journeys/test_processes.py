"""Show 4 with many processes: two serve, two work, each may die or be cut off at any moment, and it is one product."""

import os
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.journeys.test_random_kills import OUTAGE_S, PAST_THE_LEASE_S, check_payments, check_told, counts
from tests.support.auditor import Books, audit, ledger
from tests.support.cluster import Cluster
from tests.support.example_requests import ask
from tests.support.metrics_page import read_metrics
from tests.support.person import PATIENCE_S, Person, until
from tests.support.postgres import Postgres
from tests.support.redis import RedisServer
from tests.support.reply_audit import nobody_is_set_aside
from tests.support.retrying_clients import RetryingClient
from tests.support.server import Server
from tests.support.slack import DANA, EVE, link, run_slack

SEED = int(os.environ.get("CHAOS_SEED", random.randrange(10**6)))
ROUNDS = int(os.environ.get("CHAOS_ROUNDS", "1"))
PEOPLE = 3
BETWEEN_S = (0.1, 0.6)
GRACE_MS = 5_000
FAILED_SIGN_INS = 10


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Cluster]:
    redis = RedisServer().start()
    with run_slack(tmp_path_factory.mktemp("peer")) as slack:
        running = Cluster(tmp_path_factory.mktemp("cluster"), postgres, redis, slack, f"cluster_{os.getpid()}")
        try:
            yield running.start()
            assert [process.stop() for process in running.processes] == [0] * 4
        finally:
            for process in running.processes:
                if process.process is not None:
                    process.kill()
            redis.remove()


@pytest.fixture(autouse=True)
def audited(cluster: Cluster) -> Iterator[None]:
    """After each test everything comes to rest and the books are read."""
    yield
    cluster.come_to_rest()


@pytest.fixture
def dana(cluster: Cluster) -> tuple[Person, Person]:
    """One person, signed in once, seen by the one API and by the other."""
    return cluster.person()


@pytest.fixture
def on_slack(cluster: Cluster, dana: tuple[Person, Person]) -> Iterator[tuple[Person, Person]]:
    link(dana[0], cluster.slack)
    yield dana
    assert dana[0].http.delete("/api/channels/slack").status_code == 204


class TestTwoApis:
    def test_wake_each_other_s_long_polls_and_sockets(self, dana: tuple[Person, Person]) -> None:
        here, there = dana
        request = ask(here)
        told: list[Any] = []
        waiter = threading.Thread(target=lambda: told.append(there.get(f"/api/feedback/{request['id']}", wait=60)))
        with there.socket(request["session_id"]) as tab:
            waiter.start()
            decided = here.answer(request["id"], "submit", feedback="from here").json()
            assert tab.until("feedback_resolved")[-1]["request"]["response"] == decided["response"]
        waiter.join(PATIENCE_S)
        assert told == [decided]

    def test_show_what_a_worker_streams(self, dana: tuple[Person, Person]) -> None:
        session_id = dana[0].say("calc 1 + 1")["session_id"]
        with dana[0].socket(session_id) as tab, dana[1].socket(session_id) as other_tab:
            until(lambda: dana[0].get(f"/api/sessions/{session_id}"), lambda seen: not seen.get("active_run_id"))
            started = dana[1].say("stream 150", session_id)
            for live in (tab, other_tab):
                frames = live.until("generating")
                while frames[-1].get("run_id") != started["run_id"] or frames[-1]["type"] != "task_completed":
                    frames.append(live.next())
                pieces = [frame["data"] for frame in frames if frame["type"] == "generating"]
                pieces = [piece for piece in pieces if piece["run_id"] == started["run_id"]]
                whole = frames[-1]["content"]
                assert pieces and all(whole.startswith(piece["content"], piece["offset"]) for piece in pieces)

    def test_wait_on_the_web_chat_for_whoever_is_at_the_other(self, cluster: Cluster, on_slack: tuple[Person, Person]) -> None:
        here, there = on_slack
        with there.connect("/api/ws/me") as open_tab:
            open_tab.recv(timeout=PATIENCE_S)
            request = ask(here)
            copies = cluster.copies(request["id"])
            passed_on_at = copies["slack"]["created_at"] if "slack" in copies else copies["chat"]["next_at"]
            assert passed_on_at - copies["chat"]["created_at"] >= GRACE_MS
            open_tab.send(f'{{"type":"seen","request_id":"{request["id"]}"}}')
            until(lambda: cluster.copies(request["id"])["chat"]["status"], lambda status: status == "seen")
        until(lambda: cluster.present(here.id), lambda present: not present)
        alone = ask(here)
        until(lambda: cluster.copies(alone["id"]).get("slack", {}).get("status"), lambda status: status == "sent")
        for each in (request, alone):
            assert there.answer(each["id"], "decline").status_code == 200
        cluster.come_to_rest()
        pages = [read_metrics(worker.url) for worker in cluster.workers]
        tries = {"channel": "slack", "verb": "deliver", "outcome": "sent"}
        assert sum(page.get("assent_delivery_attempts_total", **tries) for page in pages) >= 1
        assert read_metrics(there.url).get("assent_time_to_answer_seconds_count", channel="api") >= 1
        pending = {read_metrics(process.url)["assent_pending_requests"] for process in cluster.processes}
        assert len(pending) == 1

    def test_cancel_what_a_worker_is_at(self, cluster: Cluster, dana: tuple[Person, Person]) -> None:
        here, there = dana
        started = here.say("stream 3000")
        with there.socket(started["session_id"]) as tab:
            tab.until("generating")
            assert here.http.post(f"/api/chat/cancel/{started['session_id']}").json() == {"status": "cancelled"}
            assert tab.until("task_cancelled")[-1]["run_id"] == started["run_id"]
        until(lambda: cluster.said_by_workers("run.lease_lost", started["run_id"]), bool)

    def test_count_failed_sign_ins_together(self, cluster: Cluster, dana: tuple[Person, Person]) -> None:
        def wrong(n: int) -> httpx.Response:
            form = {"username": dana[0].email, "password": f"wrong {n}"}
            return dana[n % 2].http.post("/api/auth/token", data=form)

        codes = [wrong(n).status_code for n in range(FAILED_SIGN_INS + 2)]
        assert codes == [401] * FAILED_SIGN_INS + [429, 429]


def kill_an_api(cluster: Cluster, fate: random.Random) -> None:
    victim = fate.choice(cluster.apis)
    victim.kill()
    victim.start()


def kill_a_worker(cluster: Cluster, fate: random.Random) -> None:
    victim = fate.choice(cluster.workers)
    victim.kill()
    victim.start()
    cluster.let_copies_lapse()


def kill_everything(cluster: Cluster, fate: random.Random) -> None:
    for process in fate.sample(cluster.processes, 4):
        process.kill()
    cluster.redis.kill()
    cluster.postgres.stop_at_once()
    cluster.postgres.start()
    cluster.redis.start()
    cluster.start()
    cluster.let_copies_lapse()


def stop_redis(cluster: Cluster, fate: random.Random) -> None:
    cluster.redis.kill()
    time.sleep(fate.uniform(*BETWEEN_S))
    wait_for_gauge(cluster, "assent_redis_up", 0)
    cluster.redis.start()
    wait_for_gauge(cluster, "assent_redis_up", 1)


def wait_for_gauge(cluster: Cluster, name: str, value: int) -> None:
    """Until every process says so."""
    for process in cluster.processes:
        until(lambda process=process: read_metrics(process.url)[name], lambda seen: seen == value)  # type: ignore[misc]


def wipe_redis(cluster: Cluster, fate: random.Random) -> None:
    with cluster.redis.client() as client:
        client.flushall()


def restart_postgres(cluster: Cluster, fate: random.Random) -> None:
    cluster.postgres.stop_at_once()
    time.sleep(OUTAGE_S)
    wait_for_gauge(cluster, "assent_database_up", 0)
    cluster.postgres.start()
    wait_for_gauge(cluster, "assent_database_up", 1)


def stop_a_worker_past_its_leases(cluster: Cluster, fate: random.Random) -> None:
    victim = fate.choice(cluster.workers)
    victim.pause()
    time.sleep(PAST_THE_LEASE_S)
    cluster.let_copies_lapse()
    victim.resume()


FAULTS: list[Callable[[Cluster, random.Random], None]] = [
    kill_an_api,
    kill_a_worker,
    kill_everything,
    stop_redis,
    wipe_redis,
    restart_postgres,
    stop_a_worker_past_its_leases,
]


class TestAFault:
    @pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
    def test_loses_nothing_repeats_nothing_and_leaves_nothing_stuck(
        self, cluster: Cluster, fault: Callable[[Cluster, random.Random], None]
    ) -> None:
        print(f"CHAOS_SEED={SEED}")
        fate = random.Random(f"{SEED} {fault.__name__}")
        people = [cluster.person() for _ in range(PEOPLE)]
        for (here, _), account in zip(people, (DANA, EVE), strict=False):
            link(here, cluster.slack, account)
        customers = [RetryingClient(fate.choice(sides), fate.randrange(10**6)) for sides in people]
        for customer in customers:
            customer.start()
        for _ in range(ROUNDS):
            time.sleep(fate.uniform(*BETWEEN_S))  # the moment of the fault, not a synchronisation
            fault(cluster, fate)
        until(lambda: sum(len(customer.told.decided) for customer in customers), lambda decided: decided >= PEOPLE)
        for customer in customers:
            customer.finish()
        books = cluster.come_to_rest()
        for customer in customers:
            check_told(customer.told, books)
        check_payments(books, ledger(cluster.data_dir))
        check_slack(cluster, books)
        assert list(nobody_is_set_aside(books)) == []
        print(counts(books, ledger(cluster.data_dir)))
        for here, _ in people[:2]:
            assert here.http.delete("/api/channels/slack").status_code == 204


def check_slack(cluster: Cluster, books: Books) -> None:
    """Each copy the books call sent is there; none they call closed can be answered any more."""
    messages = [message for user in (DANA, EVE) for message in cluster.slack.messages(cluster.slack.dm(user))]
    for copy in books.copies:
        if copy["channel"] != "slack" or not copy["request_id"] or copy["error"]:
            continue
        shown = [message for message in messages if copy["request_id"] in str(message.get("blocks"))]
        buttons = [message for message in shown if any(block["type"] == "actions" for block in message["blocks"])]
        if copy["status"] == "sent":
            assert shown, copy
        elif copy["status"] == "settled":
            assert not buttons, (copy, buttons)


class TestAWorker:
    def test_that_slept_past_its_lease_cannot_commit(self, cluster: Cluster, dana: tuple[Person, Person]) -> None:
        sleeper, other = cluster.workers
        assert other.stop() == 0
        started = dana[0].say("stream 1000")
        with dana[1].socket(started["session_id"]) as tab:
            tab.until("generating")
            sleeper.pause()
            other.start()
            cluster.let_leases_lapse()
            frames = tab.until("task_completed")
        assert len(frames[-1]["content"].split()) == 1000
        sleeper.resume()
        until(lambda: cluster.said_by_workers("run.lease_lost", started["run_id"]), bool)
        log = dana[0].run(started["run_id"])["log"]
        assert [entry["kind"] for entry in log].count("ended") == 1

    def test_stopped_before_the_effect_does_not_pay_once_another_was_told_to(
        self, cluster: Cluster, dana: tuple[Person, Person]
    ) -> None:
        """The lease lapses by itself here: the worker's own clock must say so."""
        person, (sleeper, other), to = dana[0], cluster.workers, uuid.uuid4().hex
        assert other.stop() == 0
        started = person.say(f"pay 500 to {to}")
        request = person.pending(started["session_id"])
        sleeper.arm("execution.before_effect:stop")
        assert person.answer(request["id"], "approve").status_code == 200
        until(sleeper.is_stopped, bool)
        other.start()
        again = person.pending(started["session_id"])
        assert "the worker that started it has not reported since" in again["context"]["note"]
        assert "the ledger held no line for this payment; a suspended process may still" in again["context"]["note"]
        assert person.answer(again["id"], "approve").status_code == 200
        assert person.run_when(started["run_id"])["status"] == "completed"
        sleeper.resume()
        sleeper.arm("")

        def outcomes() -> list[str]:
            rows = audit(cluster.data_dir, cluster.url).executions
            return sorted(row["status"] for row in rows if row["run_id"] == started["run_id"])

        assert until(outcomes, lambda seen: "unknown" not in seen) == ["failed", "succeeded"]
        assert [line["amount"] for line in ledger(cluster.data_dir) if line["to"] == to] == [500]

    def test_that_slept_while_it_showed_a_reply_leaves_it_to_the_other(
        self, cluster: Cluster, on_slack: tuple[Person, Person]
    ) -> None:
        slack, (sleeper, other) = cluster.slack, cluster.workers
        assert other.stop() == 0
        asked = slack.say(slack.dm(), "stream 600")

        def said() -> list[dict[str, Any]]:
            return [each for each in slack.messages(slack.dm()) if each.get("thread_ts") == asked["ts"] and each.get("bot_id")]

        (first,) = until(said, bool)
        sleeper.pause()
        other.start()
        cluster.let_leases_lapse()
        (whole,) = until(said, lambda now: "_…_" not in str(now))
        sleeper.resume()
        cluster.come_to_rest()
        assert said() == [whole] and whole["ts"] == first["ts"]
        assert len("".join(block["text"]["text"] for block in whole["blocks"]).split()) == 600


@pytest.fixture(scope="class")
def only_worker(cluster: Cluster) -> Iterator[Server]:
    """While the other one is away."""
    first, other = cluster.workers
    assert other.stop() == 0
    yield first
    other.start()


class TestADelivery:
    @pytest.mark.parametrize(
        ("failpoint", "outcomes"),
        [
            ("carry.claimed", ["unknown", "sent"]),
            ("carry.accepted", ["unknown", "sent"]),
            ("record_sent.before_commit", ["unknown", "sent"]),
            ("record_sent.committed", ["sent"]),
        ],
    )
    def test_cut_off_by_a_crash_is_shown_once_and_closed_once(
        self, cluster: Cluster, only_worker: Server, on_slack: tuple[Person, Person], failpoint: str, outcomes: list[str]
    ) -> None:
        dana = on_slack[0]
        only_worker.arm(f"{failpoint}:kill")
        request = ask(dana, "confirmation")
        assert only_worker.wait_for_death() == -9
        only_worker.start()
        cluster.let_leases_lapse()
        until(lambda: cluster.copies(request["id"]).get("slack", {}).get("status"), lambda status: status == "sent")
        assert dana.answer(request["id"], "approve").status_code == 200
        books = cluster.come_to_rest()
        (copy,) = [each for each in books.copies if each["request_id"] == request["id"] and each["channel"] == "slack"]
        assert [each["outcome"] for each in books.tries[copy["id"]]] == [*outcomes, "settled"]
        shown = [each for each in cluster.slack.messages(cluster.slack.dm()) if request["id"] in str(each)]
        assert len(shown) == 1
        assert "actions" not in {block["type"] for block in shown[0]["blocks"]}
