"""Erase content in batches: decisions stay as facts with a digest, and every audit chain can still be verified.

Each function that erases does one batch in one transaction and returns whether it found something to do. It looks for what
is left each time, so erasure continues after a crash, and two processes at once do no work twice."""

import json
from collections.abc import Sequence
from typing import Any

from backend.core.decisions.withdraw import withdraw_request
from backend.core.idempotency import stripped_reply
from backend.core.people.accounts import disable_by_id
from backend.core.requests.recipients import deciders_of
from backend.core.sessions.sessions import close_session
from backend.db import Row, Tx
from backend.db.queries import erasure as store
from backend.db.queries import people
from backend.db.queries.kept_replies import replies_naming, replies_to_those_asked, rewrite_reply
from backend.db.queries.requests import request_by_id
from backend.db.transaction import dumps, seal_of_erased
from backend.domain.erasure import (
    ERASED,
    anonymized,
    anonymized_deliveries,
    anonymized_response,
    erased_body,
    erased_detail,
    erased_response,
)
from backend.domain.people import SYSTEM, Person
from backend.domain.states import ACTIVE_RUN, FeedbackStatus, SessionStatus
from backend.errors import NotFound
from backend.timestamps import to_text

ACCOUNT_ERASED = "This account was erased."


def erase_leaving_people(tx: Tx) -> bool:
    """Erase a batch of the data of people who are being erased."""
    return any(_erase_person(tx, person_id) for person_id in store.people_leaving(tx))


def begin_erasure(tx: Tx, name: str) -> str:
    """Disable the person for good and start their erasure, which continues in batches. Idempotent. Returns their id. Raises
    NotFound."""
    found = people.people_named(tx, [name])
    row = people.person_by_id(tx, found[0].id) if len(found) == 1 else None
    if row is None:
        raise NotFound(f"Nobody has the id or the address {name}; `assent users list` shows everyone.")
    if row.erasing_at is None:
        disable_by_id(tx, row.id, "the account is being erased")
        people.update_person(tx, row.id, erasing_at=tx.now)
        tx.audit(row.id, actor=SYSTEM, via="console", action="person.erasure_begun", subject=row.id)
    return str(row.id)


def erasure_blocker(tx: Tx, person_id: str) -> str | None:
    """Why the erasure is not finished yet, in one sentence; None if it is."""
    row = people.person_by_id(tx, person_id)
    if row is None or row.erased_at is not None:
        return None
    if store.copies_under_way(tx, person_id):
        return (
            "Messages that were sent still have to be updated on their channels. A running server does that and then continues."
        )
    if left := store.count_left(tx, person_id):
        waiting = "1 session is" if left == 1 else f"{left} sessions are"
        return f"{waiting} waiting for work in progress, such as a tool that is still running."
    return "A run of somebody else in which they answered is still in progress. The erasure finishes when that run ends."


def erase_session(tx: Tx, session_id: str) -> bool:
    """Erase a batch of the session's content. False if nothing is left, or if something in it is still in progress."""
    if store.is_busy(tx, session_id):
        return False
    if store.delete_of_session(tx, session_id) or store.empty_mails(tx, session_id) or store.empty_executions(tx, session_id):
        return True
    if requests := store.requests_left(tx, session_id):
        _empty_requests(tx, requests)
    elif _strip_replies(tx, replies_to_those_asked(tx, session_id)):
        return True
    elif not _empty_audit(tx, session_id):
        store.finish_session(tx, session_id, ERASED)
        tx.audit(session_id, actor=SYSTEM, via="console", action="session.erased", subject=session_id)
    return True


def _strip_replies(tx: Tx, replies: Sequence[Row[Any]]) -> bool:
    """Erase the content of stored replies. Their keys still detect a repeated call, which then gets the current request."""
    for reply in replies:
        rewrite_reply(tx, reply, stripped_reply(reply.body))
    return bool(replies)


def _empty_requests(tx: Tx, requests: Sequence[Row[Any]]) -> None:
    with store.permit_erasure(tx, *(row.id for row in requests)):
        for row in requests:
            response = row.response and erased_response(row.response)
            store.empty_request(tx, row.id, erased_body(row.body, to_text(tx.now)), response, row.closed)


def _empty_audit(tx: Tx, scope: str) -> bool:
    """Replace the content of a batch of audit entries with digests, and append an entry that seals what is left of them."""
    after = store.audit_erased_up_to(tx, scope)
    while rows := store.audit_left(tx, scope, after):
        after = rows[-1].n
        left = {row.n: (row.hash, detail) for row in rows if (detail := erased_detail(row.detail)) is not None}
        if not left:
            continue
        with store.permit_erasure(tx, scope):
            for n, (_, detail) in left.items():
                store.empty_detail(tx, scope, n, detail)
        seals = {str(n): seal_of_erased(hash, detail) for n, (hash, detail) in left.items()}
        tx.audit(scope, actor=SYSTEM, via="console", action="audit.erased", subject=scope, upto=after, rows=seals)
        return True
    return False


def _erase_person(tx: Tx, person_id: str) -> bool:
    """Erase a batch of a person's data: first close what is open, then erase their sessions, then their name and answers in
    requests, then everything that belongs to them alone. False if nothing can be done now."""
    person = people.person_by_id(tx, person_id)
    assert person is not None, "rows of people are never deleted"
    left = store.sessions_left(tx, person_id)
    for session in left:
        if session.status == SessionStatus.ACTIVE:
            close_session(tx, Person(person.id, person.name), session.id, "console")
            return True
    if _stop_asking(tx, person_id) or any(erase_session(tx, session.id) for session in left):
        return True
    answered = store.requests_answered(tx, person_id, person.erasure_cursor or "")
    if answered:
        return _anonymize_requests(tx, person, answered)
    if left or store.copies_under_way(tx, person_id):
        return False
    if store.empty_mails_from(tx, person_id) or _strip_replies(tx, replies_naming(tx, person_id)):
        return True
    if store.delete_of_person(tx, person_id) or _empty_audit(tx, person_id):
        return True
    store.finish_person(tx, person_id, ERASED)
    tx.audit(person_id, actor=SYSTEM, via="console", action="person.erased", subject=person_id)
    return True


def _stop_asking(tx: Tx, person_id: str) -> bool:
    """Withdraw one request that only this person could decide; stop the person's deliveries of requests that others can."""
    for request_id in store.open_requests_to(tx, person_id):
        row = request_by_id(tx, request_id)
        if row is not None and not {one.id for one in deciders_of(tx, request_id)} - {person_id}:
            withdraw_request(tx, row, "the account of the person asked was erased")
            return True
        if store.stop_copies(tx, request_id, person_id, ACCOUNT_ERASED):
            return True
    return False


def _anonymize_requests(tx: Tx, person: Row[Any], requests: Sequence[Row[Any]]) -> bool:
    """Remove the person's name and answers from requests, up to the first one whose run is still active."""
    done = 0
    for row in requests:
        if row.status == FeedbackStatus.PENDING or row.run_status in ACTIVE_RUN:
            break
        _anonymize_request(tx, person, row)
        store.save_cursor(tx, person.id, row.id)
        done += 1
    return done > 0


def _anonymize_request(tx: Tx, person: Row[Any], row: Row[Any]) -> None:
    own = row.response is not None and row.response["by"]["id"] == person.id
    with store.permit_erasure(tx, row.id, row.session_id, *([row.run_id] if row.run_id else [])):
        body, closed = anonymized(row.body, person.id), anonymized(row.closed, person.id)
        store.leave_request(tx, person.id, row, body, anonymized_response(row.response, person.id), closed)
        for frame in store.frames_with(tx, row.session_id, row.id):
            text = _anonymize_frame(frame.frame, person)
            if text != frame.frame:
                store.rewrite_frame(tx, row.session_id, frame.seq, text)
        for entry in store.answers_in_log(tx, row.run_id) if own and row.run_id else ():
            if entry.data["request_id"] == row.id:
                bare = entry.data | {"values": entry.data["values"] and {}, "feedback": None}
                store.rewrite_entry(tx, row.run_id, entry.n, bare)


def _anonymize_frame(text: str, person: Row[Any]) -> str:
    """The frame without the person's name and answers. If only the name is removed, the rest stays byte for byte."""
    frame = json.loads(text)
    bare = anonymized(frame, person.id)
    if "request" in frame:
        bare["request"]["response"] = anonymized_response(frame["request"]["response"], person.id)
        bare["request"]["deliveries"] = anonymized_deliveries(frame["request"]["deliveries"], person.id)
    named, unnamed = (dumps({"id": person.id, "name": name}).removesuffix("}") for name in (person.name, ERASED))
    replaced = text.replace(named, unnamed)
    return replaced if json.loads(replaced) == bare else dumps(bare)
