"""Reads what a server left on disk, without its code, and says which of the promised invariants do not hold."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.support.delivery_audit import (
    copies_are_where_their_tries_left_them,
    decided_requests_are_closed_everywhere,
    drafts_become_replies,
    ladders_are_climbed,
    open_requests_reach_somebody,
    sessions_are_asked_about_where_they_were_moved,
    tries_go_forward,
)
from tests.support.reply_audit import payments_are_told_truly
from tests.support.table_snapshots import Row, read_file, read_server

OPEN_RUN = ("pending", "running", "waiting_feedback")
DECIDED = ("answered", "expired", "cancelled")
ASKING = ("request_confirmation", "request_user_input", "feedback_requested")
ENDING = {"completed": "task_completed", "error": "task_failed", "cancelled": "task_cancelled", "stopped": "task_cancelled"}
GENESIS = "0" * 64

# The tables that are read, each in the order of its columns.
ORDERED = {
    "sessions": "id",
    "messages": "id",
    "runs": "id",
    "feedback_requests": "id",
    "feedback_responses": "id",
    "recipients": "request_id, position, person_id, role",
    "votes": "request_id, at",
    "approvals": "request_id",
    "executions": "id",
    "run_events": "run_id, n",
    "audit": "scope, n",
    "events": "session_id, seq",
    "deliveries": "created_at, id",
    "delivery_attempts": "delivery_id, n",
    "drafts": "run_id",
}

Findings = Iterator[str]


def needs_approval(tool: str, args: Row) -> bool:
    """The rules of a server whose ASSENT_APPROVALS is not set."""
    return tool in ("web_search", "google_search") or (tool == "make_payment" and args["amount"] > 100)


def audit(data_dir: Path, url: str | None = None) -> "Books":
    """Check everything, in the file or in the PostgreSQL database at `url`. Raises AssertionError with each finding;
    returns the books for further questions. Works on a running server and on what a killed one left; between two snapshots
    an execution may succeed, so the ledger is read twice."""
    before = ledger(data_dir)
    books = Books(data_dir, url)
    findings = list(books.findings())
    after = ledger(data_dir)
    findings += _ledger_findings(books, before, after)
    findings += payments_are_told_truly(books, after)
    assert not findings, f"{len(findings)} findings in {data_dir}:\n" + "\n".join(findings[:40])
    return books


class Books:
    """One consistent snapshot of the tables, with JSON columns read and frames parsed."""

    def __init__(self, data_dir: Path, url: str | None = None) -> None:
        kept = read_server(url, ORDERED) if url else read_file(data_dir / "assent.db", ORDERED)
        self.sessions, self.messages, self.runs = kept["sessions"], kept["messages"], kept["runs"]
        self.requests, self.responses = kept["feedback_requests"], kept["feedback_responses"]
        self.recipients, self.votes = _grouped(kept["recipients"], "request_id"), _grouped(kept["votes"], "request_id")
        self.approvals, self.executions = kept["approvals"], kept["executions"]
        self.copies, self.tries = kept["deliveries"], _grouped(kept["delivery_attempts"], "delivery_id")
        self.drafts = kept["drafts"]
        self.log = _grouped(kept["run_events"], "run_id")
        self.chains = _grouped(kept["audit"], "scope")
        self.events = _grouped(kept["events"], "session_id")
        self.frames = {session: [json.loads(event["frame"]) for event in events] for session, events in self.events.items()}

    def findings(self) -> "Findings":
        """Whatever does not hold in the tables alone."""
        for check in CHECKS:
            yield from check(self)

    def at_rest(self) -> bool:
        """Whether every run has ended or waits for a person who has not decided yet."""
        asked = {request["run_id"] for request in self.requests if request["status"] == "pending"}
        going_on = [run for run in self.runs if run["status"] in OPEN_RUN]
        return all(run["status"] == "waiting_feedback" and run["id"] in asked for run in going_on)

    def deciders(self, request_id: str, *, ever: bool = False) -> set[str]:
        """Who may decide, or `ever` might."""
        rows = [row for row in self.recipients[request_id] if row["role"] in ("decider", "delegate")]
        return {row["person_id"] for row in rows if ever or row["status"] == "active"}

    def all_frames(self) -> Iterator[Row]:
        for frames in self.frames.values():
            yield from frames


def _grouped(rows: list[Row], by: str) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[by]].append(row)
    return groups


def ledger(data_dir: Path) -> list[Row]:
    """The payments made, oldest first."""
    path = data_dir / "ledger.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def requests_end_once(books: Books) -> Findings:
    """I1, I3: a request is pending, or ended in one way that everyone was told once; one accepted answer where answered."""
    accepted = Counter(row["request_id"] for row in books.responses if row["accepted"])
    asked = Counter(frame["request"]["id"] for frame in books.all_frames() if frame["type"] in ASKING)
    told = _grouped([frame["request"] for frame in books.all_frames() if frame["type"] == "feedback_resolved"], "id")
    for row in books.requests:
        id, status = row["id"], row["status"]
        if status not in ("pending", *DECIDED):
            yield f"{id}: unknown status {status}"
        if asked[id] != 1:
            yield f"{id}: asked in {asked[id]} frames"
        if accepted[id] != (status == "answered"):
            yield f"{id} is {status} with {accepted[id]} accepted answers"
        if [each["status"] for each in told.get(id, [])] != ([] if status == "pending" else [status]):
            yield f"{id} is {status}, its frames say {[each['status'] for each in told.get(id, [])]}"
        if (row["decided_at"] is None) != (status == "pending"):
            yield f"{id} is {status}, decided at {row['decided_at']}"
        if told.get(id) and told[id][0]["response"] != row["response"]:
            yield f"{id}: the response told is not the one kept"


def runs_wait_for_their_requests(books: Books) -> Findings:
    """I2, I7: a run waits exactly while one request of its own is open; an ended run has none."""
    pending = _grouped([row for row in books.requests if row["status"] == "pending" and row["run_id"]], "run_id")
    for run in books.runs:
        count = len(pending.get(run["id"], []))
        if count != (run["status"] == "waiting_feedback"):
            yield f"{run['id']} is {run['status']} with {count} open requests"


def runs_agree_with_their_logs(books: Books) -> Findings:
    """A run's row is the fold of its log; its end stands once in the log and once in the session; one active run a session."""
    started = Counter(frame["run_id"] for frame in books.all_frames() if frame["type"] == "task_started")
    ended = _grouped([frame for frame in books.all_frames() if frame["type"] in ENDING.values()], "run_id")
    for run in books.runs:
        id, log = run["id"], books.log[run["id"]]
        if [entry["n"] for entry in log] != list(range(1, run["last_n"] + 1)):
            yield f"{id}: log has gaps"
        ends = [entry["data"]["status"] for entry in log if entry["kind"] == "ended"]
        frames = [frame["type"] for frame in ended.get(id, [])]
        if started[id] != 1:
            yield f"{id}: {started[id]} task_started frames"
        if run["status"] in OPEN_RUN:
            asked = [entry["kind"] for entry in log if entry["kind"] in ("asked", "resolved")]
            if (asked[-1:] == ["asked"]) != (run["status"] == "waiting_feedback") or ends or frames:
                yield f"{id} is {run['status']} after {asked[-1:]}, ends {ends}, frames {frames}"
        elif (
            ends != [run["status"]]
            or log[-1]["kind"] != "ended"
            or frames != [ENDING[run["status"]]]
            or run["finished_at"] is None
        ):
            yield f"{id} is {run['status']}, its log ends {ends}, its frames {frames}"
    active = Counter(run["session_id"] for run in books.runs if run["status"] in OPEN_RUN)
    yield from (f"{session}: {count} active runs" for session, count in active.items() if count > 1)


def executions_were_approved(books: Books) -> Findings:
    """I8-I11: what needed a yes had one, by a person, to exactly these arguments, and used it once."""
    approvals = {row["request_id"]: row for row in books.approvals}
    requests = {row["id"]: row for row in books.requests}
    yes = {row["request_id"]: row for row in books.responses if row["accepted"]}
    uses = Counter(row["approval_id"] for row in books.executions if row["approval_id"])
    yield from (f"{approval}: used {count} times" for approval, count in uses.items() if count > 1)
    for id, approval in approvals.items():
        request, answer = requests[id], yes.get(id)
        if request["status"] != "answered" or request["response"]["action"] not in ("approve", "edit"):
            yield f"{id}: approval of a request that is {request['status']}"
        elif answer is None or answer["person_id"] != approval["decided_by"] or answer["person_id"] not in books.deciders(id):
            yield f"{id}: approved by {approval['decided_by']}, who was not asked"
        elif request["response"]["action"] == "approve" and _canonical(request["body"]["action"]["args"]) != approval["args"]:
            yield f"{id}: approval of other arguments than shown"
        elif request["response"]["action"] == "approve" and request["body"]["action"]["digest"] != approval["digest"]:
            yield f"{id}: approval of another digest than shown"
    for row in books.executions:
        found = approvals.get(row["approval_id"])
        if found and any(found[name] != row[name] for name in ("tool", "args", "digest", "run_id")):
            yield f"{row['id']}: executed something else than {found}"
        if not found and needs_approval(row["tool"], json.loads(row["args"])):
            yield f"{row['id']}: {row['tool']} {row['args']} without approval"
        entries = [entry for entry in books.log[row["run_id"]] if entry["data"].get("execution_id") == row["id"]]
        story = [entry["data"].get("status", entry["kind"]) for entry in entries]
        if story[:1] != ["execution_started"] or len(story) > (3 if "unknown" in story else 2) or "unknown" in story[2:]:
            yield f"{row['id']}: the log says {story}"


def answers_were_theirs_to_give(books: Books) -> Findings:
    """I4, I14: who decided was one of those who may, and not the asker where the rule wants somebody else; what counted is
    one vote. The owner of each request is the owner of its session."""
    owners = {session["id"]: session["person_id"] for session in books.sessions}
    yes = {row["request_id"]: row for row in books.responses if row["accepted"]}
    for row in books.requests:
        id, owner = row["id"], owners[row["session_id"]]
        seated = [each["person_id"] for each in books.recipients[id] if each["role"] == "owner"]
        if seated != [owner]:
            yield f"{id}: belongs to {owner}, {seated} are seated as its owner"
        if {"to", "recipients"} & row["body"].keys():
            yield f"{id}: its body says whom it was put to"
        if (row["rule"] or {}).get("distinct_from_requester") and owner in books.deciders(id):
            yield f"{id}: {owner} may decide what they asked"
        if id not in yes:
            continue
        if yes[id]["person_id"] not in books.deciders(id):
            yield f"{id}: decided by {yes[id]['person_id']}, who may not"
        if [vote["person_id"] for vote in books.votes[id]] != [yes[id]["person_id"]]:
            yield f"{id}: answered by {yes[id]['person_id']}, votes {books.votes[id]}"


def _ledger_findings(books: Books, before: list[Row], after: list[Row]) -> Findings:
    """I10: every payment is one recorded execution of exactly these arguments; every recorded success is a payment."""
    payments = {row["id"]: row for row in books.executions if row["tool"] == "make_payment"}
    paid = Counter(line["execution_id"] for line in after)
    yield from (f"{id}: paid {count} times" for id, count in paid.items() if count > 1)
    for line in before:
        row = payments.get(line["execution_id"])
        if row is None or json.loads(row["args"]) != {"amount": line["amount"], "to": line["to"]} or row["status"] == "failed":
            yield f"ledger line {line} belongs to {row}"
    yield from (
        f"{id}: succeeded, yet not in the ledger" for id, row in payments.items() if row["status"] == "succeeded" and not paid[id]
    )


def logs_are_gapless(books: Books) -> Findings:
    """I22, I25: numbers without gaps, each frame carrying its own; each message in exactly one frame."""
    for session in books.sessions:
        id = session["id"]
        numbers = list(range(1, session["last_seq"] + 1))
        if [row["seq"] for row in books.events.get(id, [])] != numbers or [
            frame["seq"] for frame in books.frames.get(id, [])
        ] != numbers:
            yield f"{id}: events are not 1..{session['last_seq']}"
        if any(frame["session_id"] != id for frame in books.frames.get(id, [])):
            yield f"{id}: holds another session's frame"
    shown = _grouped([frame["message"] for frame in books.all_frames() if frame["type"] == "message"], "id")
    for row in books.messages:
        frames = shown.pop(row["id"], [])
        if [(each["content"], each["session_id"], each.get("client_id")) for each in frames] != [
            (row["content"], row["session_id"], row["client_id"])
        ]:
            yield f"{row['id']}: shown as {frames}"
    yield from (f"{id}: shown, not kept" for id in shown)


def chains_are_whole(books: Books) -> Findings:
    """I42: each scope's entries form one hash chain."""
    for scope, rows in books.chains.items():
        prev = GENESIS
        for n, row in enumerate(rows, start=1):
            body = [row[name] for name in ("prev", "scope", "n", "at", "actor", "via", "action", "subject", "detail")]
            text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            if row["n"] != n or row["prev"] != prev or row["hash"] != hashlib.sha256(text.encode()).hexdigest():
                yield f"{scope}: the audit chain breaks at {n}"
                break
            prev = row["hash"]


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


CHECKS: tuple[Callable[[Books], Findings], ...] = (
    requests_end_once,
    runs_wait_for_their_requests,
    runs_agree_with_their_logs,
    executions_were_approved,
    answers_were_theirs_to_give,
    logs_are_gapless,
    chains_are_whole,
    tries_go_forward,
    copies_are_where_their_tries_left_them,
    ladders_are_climbed,
    open_requests_reach_somebody,
    decided_requests_are_closed_everywhere,
    drafts_become_replies,
    sessions_are_asked_about_where_they_were_moved,
)
