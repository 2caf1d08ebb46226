"""Queries about replies that are shown on a channel while they are being written."""

from typing import Any

from sqlalchemy import Row, bindparam, delete, insert, select, update

from backend.db.tables import drafts
from backend.db.transaction import Tx

_held = (drafts.c.run_id == bindparam("run"), drafts.c.token == bindparam("held"))
_holds = select(drafts.c.run_id).where(*_held)
_take_over = update(drafts).where(drafts.c.run_id == bindparam("run")).values(token=bindparam("by")).returning(drafts)
_keep = update(drafts).where(*_held).values(ref=bindparam("found", type_=drafts.c.ref.type))
_take = delete(drafts).where(drafts.c.run_id == bindparam("run")).returning(drafts)


def insert_draft(tx: Tx, **values: Any) -> None:
    tx.execute(insert(drafts), values)


def take_over_draft(tx: Tx, run_id: str, token: int) -> Row[Any] | None:
    """The run's draft, from now on shown by the holder of `token`; None: it has none."""
    return tx.execute(_take_over, {"run": run_id, "by": token}).first()


def update_draft_ref(tx: Tx, run_id: str, token: int, ref: dict[str, Any]) -> None:
    """Where it is shown, while `token` still shows it."""
    tx.execute(_keep, {"run": run_id, "held": token, "found": ref})


def holds_draft(tx: Tx, run_id: str, token: int) -> bool:
    return tx.first(_holds, {"run": run_id, "held": token}) is not None


def delete_draft(tx: Tx, run_id: str) -> Row[Any] | None:
    """Take it away: the reply is about to be said."""
    return tx.execute(_take, {"run": run_id}).first()
