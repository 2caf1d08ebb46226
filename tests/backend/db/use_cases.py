"""Small use cases that write, tell and fail, for trying what a database does with them."""

from sqlalchemy import select, text

from backend.db import Tx
from backend.db.tables import sessions
from backend.errors import NotFound

TITLE = select(sessions.c.title)


def rename(tx: Tx, session_id: str, title: str) -> str:
    tx.execute(text("UPDATE sessions SET title = :title WHERE id = :id"), {"title": title, "id": session_id})
    tx.notify({"type": "notice", "content": title}, "topic")
    tx.emit(session_id, {"type": "task_started", "content": title, "run_id": "run_1"})
    tx.audit(session_id, actor="-", via="chat", action="session.renamed", subject=session_id, to=title)
    tx.enqueue("rang", title)
    return title


def rename_badly(tx: Tx, session_id: str, title: str) -> None:
    rename(tx, session_id, title)
    raise NotFound("after all")


def break_a_rule(tx: Tx, session_id: str) -> None:
    rename(tx, session_id, "broken")
    tx.execute(text("INSERT INTO messages (id) VALUES ('only an id')"))


def title(tx: Tx, session_id: str) -> str:
    return str(tx.execute(TITLE.where(sessions.c.id == session_id)).scalar_one())
