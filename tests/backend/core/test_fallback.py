"""Each way in which Slack can fail, over HTTP and a real Slack peer: the question is answered through the next channel."""

from collections.abc import AsyncIterator

import pytest

from backend.core.linking.linked_accounts import link_account
from channels.escalation import MAX_ATTEMPTS
from channels.slack.channel import SlackChannel
from channels.slack.client import SlackClient
from tests.backend.conftest import OpenedSqlite
from tests.support.delivery_setup import Outbox
from tests.support.slack import DANA, TEAM, TOKEN, Fault, Faults, Slack

ROUTE = [{"channel": "slack", "wait_seconds": 3600}, {"channel": "email", "wait_seconds": 3600}]
RATE_LIMITED = '{"ok":false,"error":"ratelimited"}'
PATIENCE_S = 2  # of the client, for a peer that is silent; long enough for one that is only slow
LONGER_THAN_ANY_WAIT_S = 400
AT_ONCE = {
    "429 with a long Retry-After": Fault(429, RATE_LIMITED, headers={"Retry-After": "86400"}),
    "invalid_auth": Fault(body='{"ok":false,"error":"invalid_auth"}'),
    "channel_not_found": Fault(body='{"ok":false,"error":"channel_not_found"}'),
    "token_revoked": Fault(body='{"ok":false,"error":"token_revoked"}'),
    "invalid_blocks": Fault(body='{"ok":false,"error":"invalid_blocks"}'),
}
AFTER_TRYING = {
    "429 without Retry-After": Fault(429, RATE_LIMITED),
    "500": Fault(500, '{"ok":false,"error":"internal_error"}'),
    "time-out before the post": Fault(hang=True),
    "an HTML page": Fault(502, "<html>bad gateway</html>", "text/html"),
    "garbage": Fault(200, '{"ok":tr'),
}


class OneToken:
    async def bot_token(self, team: str) -> str | None:
        return TOKEN


@pytest.fixture
async def faults(slack: Slack) -> AsyncIterator[Faults]:
    async with Faults(slack.api_url) as proxy:
        yield proxy


@pytest.fixture
async def post(opened_sqlite: OpenedSqlite, faults: Faults) -> AsyncIterator[Outbox]:
    channel = SlackChannel(SlackClient(OneToken(), faults.url, timeout_s=PATIENCE_S))
    office = Outbox(opened_sqlite, real={"slack": channel})
    await opened_sqlite.db.transact(link_account, office.person.id, "slack", f"{TEAM}/{DANA}", "@dana")
    await office.link("email")
    yield office
    await channel.close()


async def answered_by_mail(post: Outbox, id: str) -> None:
    assert [question.request["id"] for question, _, _ in post.email.sent] == [id]
    assert (await post.answer(id, via="email"))["status"] == "answered"
    post.pass_time("slack", LONGER_THAN_ANY_WAIT_S)
    await post.deliver_due()
    assert {status for _, status in await post.trail(id)} <= {"settled", "failed"}


class TestFallback:
    @pytest.mark.parametrize("fault", AT_ONCE.values(), ids=AT_ONCE)
    async def test_is_at_once_where_waiting_would_not_help(self, post: Outbox, faults: Faults, fault: Fault) -> None:
        faults.script("chat.postMessage", fault)
        id = await post.ask(route=ROUTE)
        await post.deliver_due()
        await answered_by_mail(post, id)

    @pytest.mark.parametrize("fault", AFTER_TRYING.values(), ids=AFTER_TRYING)
    async def test_comes_after_the_tries_where_it_might_have_helped(self, post: Outbox, faults: Faults, fault: Fault) -> None:
        faults.script("chat.postMessage", *[fault] * MAX_ATTEMPTS)
        id = await post.ask(route=ROUTE)
        for _ in range(MAX_ATTEMPTS):
            assert post.email.sent == []
            await post.deliver_due()
            post.pass_time("slack", LONGER_THAN_ANY_WAIT_S)
        await answered_by_mail(post, id)

    async def test_is_not_needed_where_the_message_arrived_and_only_its_receipt_was_lost(
        self, post: Outbox, faults: Faults, slack: Slack
    ) -> None:
        faults.script("chat.postMessage", Fault(hang=True, after=True))
        id = await post.ask(route=ROUTE)
        await post.deliver_due()
        post.pass_time("slack", LONGER_THAN_ANY_WAIT_S)
        await post.deliver_due()
        assert await post.trail(id) == [("slack", "sent")] and post.email.sent == []
        assert len([message for message in slack.messages(slack.dm()) if message.get("blocks")]) == 1
