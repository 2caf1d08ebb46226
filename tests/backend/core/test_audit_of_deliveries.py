"""The audit of deliveries sees what it is there to see: each promise broken by hand, on both databases, is a finding."""

import pytest

from backend.core.outbox.claim_delivery import claim_delivery
from backend.db.queries.deliveries import due_deliveries
from channels.errors import Rejected
from tests.backend.conftest import Opened
from tests.support.delivery_setup import POLICY, SET_UP, URL, Outbox

ROUTE = [{"channel": "slack", "wait_seconds": 60}, {"channel": "email", "wait_seconds": 60}]
OPEN, DECIDED, DEAD = "an open request that reached Slack", "a decided one", "a dead letter"
SENT_AGAIN = (
    "INSERT INTO delivery_attempts SELECT delivery_id, n + 1, verb, ended_at, ended_at, outcome, error FROM delivery_attempts"
)


async def broken(office: Outbox, scene: str) -> str:
    await office.link("slack", "email")
    if scene == DEAD:
        office.slack.failures.append(Rejected("not_in_channel"))
        office.email.failures.append(Rejected("mailbox full"))
    id = await office.ask(route=ROUTE)
    await office.deliver_due()
    if scene == DECIDED:
        await office.answer(id)
        await office.deliver_due()
    assert list(office.books().findings()) == []
    return id


class TestFindings:
    @pytest.mark.parametrize(
        ("scene", "harm", "finding"),
        [
            (OPEN, SENT_AGAIN, "tried deliver:sent deliver:sent"),
            (OPEN, "UPDATE delivery_attempts SET n = 2", "tries are lacking"),
            (OPEN, "UPDATE deliveries SET attempts = 2", "2 attempts, 1 on record"),
            (OPEN, "UPDATE deliveries SET status = 'queued'", "is queued after sent"),
            (OPEN, "UPDATE deliveries SET status = 'retry_wait', next_at = NULL", "nobody will look at it again"),
            (OPEN, "UPDATE deliveries SET lease_until = 1", "a lease without a try"),
            (OPEN, "UPDATE deliveries SET step = 1", "steps [(1, 'slack')]"),
            (OPEN, "UPDATE deliveries SET status = 'failed', error = 'x', next_at = NULL", "ends at a step that failed"),
            (OPEN, "DELETE FROM delivery_attempts; DELETE FROM deliveries", "have copies"),
            (OPEN, "UPDATE deliveries SET channel = 'chat', next_at = NULL", "reached nobody, is no dead letter"),
            (OPEN, "UPDATE sessions SET channel = 'slack'", "asked about on slack, moved to []"),
            (DEAD, "UPDATE deliveries SET error = NULL", "a dead letter without a reason"),
            (DEAD, "UPDATE deliveries SET status = 'sent', sent_at = 1", "a dead letter that reached somebody"),
            (DEAD, "DELETE FROM audit WHERE action = 'feedback.dead_letter'", "a dead letter nobody was told of"),
            (
                DECIDED,
                "UPDATE delivery_attempts SET began_at = began_at + 60000 WHERE verb = 'deliver'",
                "sent after the decision",
            ),
            (DECIDED, "UPDATE deliveries SET status = 'sent', settled_at = NULL", "still sent after the decision"),
            (DECIDED, "DELETE FROM delivery_attempts WHERE verb = 'settle'", "counted as closed"),
            (DECIDED, "UPDATE deliveries SET settled_at = NULL", "is settled after settled"),
        ],
    )
    async def test_name_what_is_broken(self, opened: Opened, scene: str, harm: str, finding: str) -> None:
        office = Outbox(opened)
        await broken(office, scene)
        for statement in harm.split("; "):
            opened.tamper(statement)
        assert finding in "\n".join(office.books().findings())

    async def test_do_not_include_a_copy_that_is_being_sent(self, opened: Opened) -> None:
        office = Outbox(opened)
        await office.link("slack", "email")
        id = await office.ask(route=ROUTE)
        (delivery,) = await opened.db.read(due_deliveries, 10)
        assert await opened.db.transact(claim_delivery, delivery, POLICY, URL, SET_UP) is not None
        assert list(office.books().findings()) == []
        await office.answer(id)
        assert list(office.books().findings()) == []
