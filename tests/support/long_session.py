"""Sessions longer than anybody would type: one real round, written into the server's database again and again."""

import json
import sqlite3
from contextlib import closing
from typing import Any

from tests.support.person import PATIENCE_S, Person
from tests.support.server import Server

ROUND = 4  # a message, the start of its run, the reply, the end of the run


def long_session(server: Server, person: Person, rounds: int, more_words: str = "") -> str:
    """The id of a session of so many rounds; the words of all but the first say their number."""
    started = person.say("calc 1 + 1")
    person.run_when(started["run_id"])
    session_id: str = started["session_id"]
    add_rounds(server, person, session_id, rounds - 1, more_words)
    return session_id


def add_rounds(server: Server, person: Person, session_id: str, count: int, more_words: str = "") -> None:
    """Go on with copies of the first round. Nothing may run in the session and nobody have it open."""
    frames = person.frames(session_id)
    last, first = frames[-1]["seq"], frames[:ROUND]
    begun = last // ROUND + 1
    copies = [copy_of(frame, number, more_words) for number in range(begun, begun + count) for frame in first]
    rows = [(session_id, seq, json.dumps({**copy, "seq": seq})) for seq, copy in enumerate(copies, start=last + 1)]
    with closing(sqlite3.connect(server.data_dir / "assent.db", timeout=PATIENCE_S)) as db, db:
        db.executemany("INSERT INTO events (session_id, seq, frame) VALUES (?, ?, ?)", rows)
        db.execute("UPDATE sessions SET last_seq = ? WHERE id = ?", (last + len(rows), session_id))


def copy_of(frame: dict[str, Any], number: int, more_words: str = "") -> dict[str, Any]:
    """A frame as one of the round with this number, which the words of a message say."""
    if "message" not in frame:
        return frame
    words = f"{'Question' if frame['message']['type'] == 'user' else 'Reply'} {number}"
    more = more_words if frame["message"]["type"] == "agent" else ""
    return {**frame, "message": {**frame["message"], "id": f"msg_{words}", "content": words + more}}
