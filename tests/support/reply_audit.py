"""What people were told about payments must be true: held against the ledger, which no sentence of ours has written."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.support.table_snapshots import Row

if TYPE_CHECKING:
    from tests.support.auditor import Books, Findings

LAST_WORD = re.compile(r"\*\*(Rejected|Expired|Cancelled|Failed):\*\* paying [\d,.]+ to (.+?) \(`make_payment`\)")
PAID = re.compile(r"\*\*Paid:\*\* [\d,.]+ to (.+?)\. The payment is in the demo ledger")
FACT = re.compile(r"make_payment (\{.*?\}) (took effect|did not succeed)")
SET_ASIDE = "without progress"
NEVER = "did not take effect"  # nobody can know that while a process may go on


def payments_are_told_truly(books: "Books", ledger: list[Row]) -> "Findings":
    """Questions whether to repeat a payment, last words about one, and notices about late outcomes."""
    paid = {line["execution_id"] for line in ledger}
    of_run: dict[str, list[Row]] = {}
    for row in books.executions:
        if row["tool"] == "make_payment":
            of_run.setdefault(row["run_id"], []).append(row)
    yield from _questions(books, paid)
    for message in books.messages:
        executions = of_run.get(message["run_id"], [])
        if message["type"] == "agent":
            yield from _last_words(message, executions, paid)
        if message["type"] == "system":
            yield from _facts(f"{message['id']} said", message["content"], executions, paid)
    for request in books.requests:
        why = (request["closed"] or {}).get("why") or ""
        yield from _facts(f"{request['id']} was closed:", why, of_run.get(request["run_id"], []), paid)


def _questions(books: "Books", paid: set[str]) -> "Findings":
    requests = {row["id"]: row for row in books.requests}
    states = {row["id"]: row["status"] for row in books.executions}
    for execution_id, request_id in _repeats(books):
        note = requests[request_id]["body"]["context"]["note"]
        if NEVER in note:
            yield f"{request_id} says that nothing happened: {note}"
        if "held a line" in note and execution_id not in paid:
            yield f"{request_id} says it was paid: {note}"
        if "process that ran it ended" in note and states[execution_id] != "unknown":
            yield f"{request_id} says that the process ended, which reported {states[execution_id]}"


def _repeats(books: "Books") -> Iterator[tuple[str, str]]:
    for entries in books.log.values():
        for entry in entries:
            if entry["kind"] == "asked" and "repeats" in entry["data"]:
                yield entry["data"]["repeats"], entry["data"]["request_id"]


def _last_words(message: Row, executions: list[Row], paid: set[str]) -> "Findings":
    text = message["content"]
    for _, payee in LAST_WORD.findall(text):
        if any(row["id"] in paid for row in executions if f'"to":"{payee}"' in row["args"]):
            yield f"{message['id']} says that {payee} was not paid: {text}"
    for payee in PAID.findall(text):
        if not any(row["id"] in paid for row in executions if f'"to":"{payee}"' in row["args"]):
            yield f"{message['id']} says that {payee} was paid: {text}"


def _facts(who: str, text: str, executions: list[Row], paid: set[str]) -> "Findings":
    for args, said in FACT.findall(text):
        those = [row["id"] for row in executions if row["args"] == args]
        if said == "took effect" and not any(id in paid for id in those):
            yield f"{who} {text}"
        if said == "did not succeed" and those and all(id in paid for id in those):
            yield f"{who} {text}"


def nobody_is_set_aside(books: "Books") -> "Findings":
    """Where no run is poison: none is set aside for what befell its workers."""
    yield from (f"{run['id']}: {run['error']}" for run in books.runs if SET_ASIDE in (run["error"] or ""))
