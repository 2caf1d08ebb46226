"""What the tables must say of every copy of a request on its way to people, whatever died meanwhile; part of the audit."""

import re
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.support.table_snapshots import Row

if TYPE_CHECKING:
    from tests.support.auditor import Books, Findings

MOST_FAILURES = 5
TO_BE_SENT = ("queued", "sending", "retry_wait")
# Tries that failed, then at most one that did not; only what went out is closed, and that once. What came back ("returned")
# had been sent.
HISTORY = re.compile(
    r"((deliver|say):(failed|unknown) )*"
    r"((deliver|say):(begun|returned) |(deliver|say):sent (settle:(failed|unknown) )*(settle:(begun|settled) )?)?"
)


def tries_go_forward(books: "Books") -> "Findings":
    """I16, I18, I19: each try is on record, one after the other; what arrived is not sent again, what fails not for ever."""
    for copy in books.copies:
        id, tries = copy["id"], books.tries[copy["id"]]
        story = "".join(f"{each['verb']}:{each['outcome']} " for each in tries)
        if not HISTORY.fullmatch(story):
            yield f"{id}: tried {story}"
        if [each["n"] for each in tries] != list(range(1, len(tries) + 1)):
            yield f"{id}: tries are lacking"
        if any(each["ended_at"] is None for each in tries[:-1]) or any(
            later["began_at"] < (each["ended_at"] or 0) for each, later in pairwise(tries)
        ):
            yield f"{id}: tried twice at once"
        if max(story.count(":failed") - story.count("settle:failed"), story.count("settle:failed")) > MOST_FAILURES:
            yield f"{id}: failed {story}"
        sendings = sum(each["verb"] != "settle" for each in tries)
        if copy["attempts"] != sendings and not (_shown_with_the_request(copy) and copy["attempts"] == 1):
            yield f"{id}: {copy['attempts']} attempts, {sendings} on record"


def copies_are_where_their_tries_left_them(books: "Books") -> "Findings":
    """I16: a copy's row is what its tries came to; what is to be sent has a time for it, what failed a reason."""
    for copy in books.copies:
        id, status, tries = copy["id"], copy["status"], books.tries[copy["id"]]
        last = tries[-1]["outcome"] if tries else ""
        sent = any(each["outcome"] == "sent" for each in tries) or (_shown_with_the_request(copy) and not tries)
        so = {
            "queued": not tries,
            "sending": last == "begun",
            "retry_wait": last in ("failed", "unknown") and bool(copy["error"]),
            "sent": sent and copy["sent_at"] is not None and copy["settled_at"] is None,
            "seen": sent and copy["seen_at"] is not None and copy["settled_at"] is None,
            "failed": not sent and bool(copy["error"]) and copy["next_at"] is None,
            "settled": copy["settled_at"] is not None and copy["request_id"] is not None,
        }
        if not so.get(status, False):
            yield f"{id} is {status} after {last or 'no try'}: {copy}"
        if status in TO_BE_SENT and copy["next_at"] is None:
            yield f"{id} is {status}, and nobody will look at it again"
        if copy["lease_until"] is not None and last != "begun":
            yield f"{id}: a lease without a try"


def ladders_are_climbed(books: "Books") -> "Findings":
    """I17: everyone asked has a ladder; its steps are taken in order, and none that failed is the end while there are more."""
    requests = {row["id"]: row for row in books.requests}
    asked: dict[str, set[str]] = defaultdict(set)
    rounds = _rounds(books)
    for (request_id, person_id, round), copies in rounds.items():
        request, ladder = requests[request_id], copies[0]["ladder"] or [{"channel": "chat"}]
        asked[request_id].add(person_id)
        if [copy["step"] for copy in copies] != list(range(len(copies))) or any(
            copy["channel"] != ladder[copy["step"]]["channel"] for copy in copies
        ):
            yield f"{request_id}, {person_id}, round {round}: steps {[(copy['step'], copy['channel']) for copy in copies]}"
        latest = (request_id, person_id, round + 1) not in rounds
        if latest and request["status"] == "pending" and copies[-1]["status"] == "failed" and len(copies) < len(ladder):
            yield f"{request_id}: the ladder of {person_id} ends at a step that failed"
    for id in requests:
        if asked[id] != books.deciders(id, ever=True):
            yield f"{id}: {asked[id]} have copies, {books.deciders(id, ever=True)} were asked"


def open_requests_reach_somebody(books: "Books") -> "Findings":
    """I15: an open request has reached somebody, or somebody will look at it again, or it is a dead letter with its reasons."""
    copies = _of_requests(books)
    for row in books.requests:
        if row["status"] != "pending":
            continue
        own = [copy for copy in copies[row["id"]] if copy["person_id"] in books.deciders(row["id"])]
        if row["dead_letter"]:
            yield from _dead_letter_findings(books, row, own, copies[row["id"]])
        elif not any(_reached(copy) or copy["next_at"] is not None for copy in own):
            yield f"{row['id']}: reached nobody, is no dead letter, and nobody will look at it again"


def _dead_letter_findings(books: "Books", request: Row, own: list[Row], every: list[Row]) -> "Findings":
    """`own` are the copies of those who may decide, of whom there may be nobody any more."""
    id, latest = request["id"], max(copy["round"] for copy in every)
    if any(copy["status"] == "failed" and not copy["error"] for copy in every) or not any(copy["error"] for copy in every):
        yield f"{id}: a dead letter without a reason"
    if all(copy["round"] == latest for copy in own) and any(_reached(copy) or copy["status"] in TO_BE_SENT for copy in own):
        yield f"{id}: a dead letter that reached somebody, or may yet"
    said = [entry for entry in books.chains[request["session_id"]] if entry["subject"] == id]
    if not any(entry["action"] == "feedback.dead_letter" for entry in said):
        yield f"{id}: a dead letter nobody was told of"


def decided_requests_are_closed_everywhere(books: "Books") -> "Findings":
    """I20: after the decision nothing is sent, and each copy is closed, about to be, or on record as one that cannot be."""
    copies = _of_requests(books)
    for request in books.requests:
        if request["status"] == "pending":
            continue
        for copy in copies[request["id"]]:
            id, tries = copy["id"], books.tries[copy["id"]]
            if any(each["verb"] == "deliver" and each["began_at"] > request["decided_at"] for each in tries):
                yield f"{id}: sent after the decision"
            if copy["next_at"] is None and copy["status"] not in ("settled", "failed"):
                yield f"{id}: still {copy['status']} after the decision, and nobody will close it"
            if copy["status"] != "settled" or copy["error"] or copy["channel"] == "chat":  # there the committed event closes it
                continue
            if tries and tries[-1]["outcome"] != "settled" if copy["ref"] is not None else _may_be_out(tries):
                yield f"{id}: counted as closed, last try {tries[-1]}"


def drafts_become_replies(books: "Books") -> "Findings":
    """A reply is a draft only while its run goes on; then its place is the delivery's, and nobody has to look for it."""
    runs, copies = {row["id"]: row for row in books.runs}, {row["id"] for row in books.copies}
    for draft in books.drafts:
        if runs[draft["run_id"]]["finished_at"] is not None:
            yield f"{draft['run_id']} has ended, and what was shown of its reply is nobody's"
        if draft["delivery_id"] in copies:
            yield f"{draft['run_id']}: its reply is said and still a draft"


def sessions_are_asked_about_where_they_were_moved(books: "Books") -> "Findings":
    """I24: the channel of a session is the one its person named last; the log itself is the same from everywhere."""
    for session in books.sessions:
        moves = [
            entry["detail"]["channel"] for entry in books.chains.get(session["id"], []) if entry["action"] == "session.moved"
        ]
        if session["channel"] != (moves[-1] if moves else None):
            yield f"{session['id']}: asked about on {session['channel']}, moved to {moves}"


def carried(books: "Books") -> bool:
    """Whether all that can be sent is sent, and all that can be closed is closed."""
    open_ones = {row["id"] for row in books.requests if row["status"] == "pending"}
    return all(
        copy["next_at"] is None or (copy["request_id"] in open_ones and copy["status"] not in TO_BE_SENT) for copy in books.copies
    )


def _shown_with_the_request(copy: Row) -> bool:
    """Whether it is the web chat's own copy: the committed event that carried the request was its delivery."""
    return bool(copy["channel"] == "chat" and copy["step"] == 0 and copy["round"] == 0 and copy["request_id"])


def _reached(copy: Row) -> bool:
    return bool(copy["status"] == "seen" or (copy["status"] == "sent" and copy["channel"] != "chat"))


def _may_be_out(tries: list[Row]) -> bool:
    return bool(tries) and tries[-1]["outcome"] in ("begun", "unknown", "sent")


def _of_requests(books: "Books") -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for copy in books.copies:
        if copy["request_id"]:
            found[copy["request_id"]].append(copy)
    return found


def _rounds(books: "Books") -> dict[tuple[str, str, int], list[Row]]:
    found: dict[tuple[str, str, int], list[Row]] = defaultdict(list)
    for copy in sorted((copy for copy in books.copies if copy["request_id"]), key=lambda copy: int(copy["step"])):
        found[copy["request_id"], copy["person_id"], copy["round"]].append(copy)
    return found
