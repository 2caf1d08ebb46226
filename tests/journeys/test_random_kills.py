"""Show 4, the campaign: kill -9 at random moments under several busy people; whatever anybody was told stays true."""

import os
import random
import time
from collections.abc import Callable
from typing import Any

from tests.support.auditor import Books, audit, ledger
from tests.support.customers import Customer, Told
from tests.support.person import until
from tests.support.server import Server

KILLS = int(os.environ.get("CHAOS_KILLS", "12"))
PEOPLE = 4
BETWEEN_S = (0.05, 0.7)


class TestRandomKills:
    def test_lose_nothing_that_was_acknowledged_and_repeat_nothing(self, make_server: Callable[[], Server]) -> None:
        seed = int(os.environ.get("CHAOS_SEED", random.randrange(10**6)))
        print(f"CHAOS_SEED={seed}")
        fate = random.Random(seed)
        server = make_server().start()
        customers = [Customer(server.person(), seed + number) for number in range(PEOPLE)]
        for customer in customers:
            customer.start()
        for _ in range(KILLS):
            time.sleep(fate.uniform(*BETWEEN_S))  # the moment of the kill, not a synchronisation
            server.kill()
            server.start()
        until(lambda: sum(len(customer.told.decided) for customer in customers), lambda decided: decided >= KILLS)
        for customer in customers:
            customer.finish()
        server.kill()
        audit(server.data_dir)
        server.start()
        books = until(lambda: Books(server.data_dir), Books.at_rest)
        audit(server.data_dir)
        for customer in customers:
            check_told(customer.told, books)
        check_payments(books, ledger(server.data_dir))


def check_told(told: Told, books: Books) -> None:
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
