"""Calls to approve by mail, and a second linked person."""

from backend.core.people.accounts import add_person
from backend.db import Tx
from channels.mail_contract import Proposal
from tests.support.emulated_google import EVE
from tests.support.mail_intake import MailSetup

DEPLOY = {"tool": "deploy", "args": {"to": "production", "version": 7}, "risk": "medium"}


RISKY = {**DEPLOY, "risk": "high"}


APPROVAL = Proposal("approve")


async def eve(desk: MailSetup) -> None:
    """Somebody else, whose address is linked too."""

    def add(tx: Tx) -> str:
        return str(add_person(tx, email="eve@example.org", password_hash="-", name="Eve", role="user")["id"])

    await desk.link(EVE, await desk.opened.db.transact(add))
