"""Show 4, the campaign: kill -9, stops and outages at random moments under several busy people; whatever anybody was told
stays true, and no run pays for what befell its process. `make chaos` runs it with 200 kills."""

import os
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

from backend.core.runs.lease import LEASE_MS
from tests.support.auditor import Books, audit, ledger
from tests.support.person import PATIENCE_S, until
from tests.support.reply_audit import nobody_is_set_aside
from tests.support.retrying_clients import Acknowledged, RetryingClient
from tests.support.server import Server

KILLS = int(os.environ.get("CHAOS_KILLS", "12"))
RARE = 25  # so many kills for one stop and one outage
PEOPLE = 4
BETWEEN_S = (0.05, 0.7)
OUTAGE_S = 5.0
PAST_THE_LEASE_S = LEASE_MS / 1000 + 1


def kill(server: Server) -> None:
    server.kill()
    server.start()


def stop(server: Server) -> None:
    """For longer than a lease."""
    server.pause()
    time.sleep(PAST_THE_LEASE_S)
    server.resume()


def lock(server: Server) -> None:
    """Another process has the database file to itself."""
    with closing(sqlite3.connect(server.data_dir / "assent.db", timeout=PATIENCE_S, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(OUTAGE_S)
        connection.execute("ROLLBACK")


def schedule(fate: random.Random, kills: int) -> list[Callable[[Server], None]]:
    rare = max(1, kills // RARE)
    faults: list[Callable[[Server], None]] = [*[kill] * kills, *[stop] * rare, *[lock] * rare]
    fate.shuffle(faults)
    return faults


class TestRandomKills:
    def test_lose_nothing_that_was_acknowledged_and_repeat_nothing(self, make_server: Callable[[], Server]) -> None:
        seed = int(os.environ.get("CHAOS_SEED", random.randrange(10**6)))
        print(f"CHAOS_SEED={seed}")
        fate = random.Random(seed)
        server = make_server().start()
        customers = [RetryingClient(server.person(), seed + number) for number in range(PEOPLE)]
        for customer in customers:
            customer.start()
        for fault in schedule(fate, KILLS):
            time.sleep(fate.uniform(*BETWEEN_S))  # the moment of the fault, not a synchronisation
            fault(server)
        until(lambda: sum(len(customer.told.decided) for customer in customers), lambda decided: decided >= KILLS)
        for customer in customers:
            customer.finish()
        server.kill()
        audit(server.data_dir)
        server.start()
        books = until(lambda: Books(server.data_dir), Books.at_rest, 3 * PATIENCE_S)
        audit(server.data_dir)
        for customer in customers:
            check_told(customer.told, books)
        check_payments(books, ledger(server.data_dir))
        assert list(nobody_is_set_aside(books)) == []
        print(counts(books, ledger(server.data_dir)))


def counts(books: Books, paid: list[dict[str, Any]]) -> str:
    """What the campaign came to, in one line."""
    states = [row["status"] for row in books.executions if row["tool"] == "make_payment"]
    said = {state: states.count(state) for state in sorted(set(states))}
    asked = sum("repeats" in entry["data"] for log in books.log.values() for entry in log if entry["kind"] == "asked")
    return f"{len(books.runs)} runs, {len(paid)} payments in the ledger, executions {said}, {asked} asked to repeat"


def check_told(told: Acknowledged, books: Books) -> None:
    messages = {row["client_id"]: row for row in books.messages}
    requests = {row["id"]: row for row in books.requests}
    for client_id, reply in told.messages.items():
        assert (messages[client_id]["session_id"], messages[client_id]["run_id"]) == (reply["session_id"], reply["run_id"])
        assert messages[client_id]["content"] == reply["query"]
    for id, request in told.asked.items():
        assert requests[id]["body"]["title"] == request["title"]
    for id, request in told.decided.items():
        assert (requests[id]["status"], requests[id]["response"]) == ("answered", request["response"])
    for (session_id, seq), frame in told.frames.items():
        assert books.frames[session_id][seq - 1] == frame


def check_payments(books: Books, paid: list[dict[str, Any]]) -> None:
    """A payee gets no more payments than there was a yes to, but for the one that needs none."""
    for to in {line["to"] for line in paid}:
        amounts = [line["amount"] for line in paid if line["to"] == to]
        yes = sum(f'"to":"{to}"' in approval["args"] for approval in books.approvals)
        assert len(amounts) <= yes + (min(amounts) <= 100), (to, amounts, yes)
