"""What others send to one person has a measure; above it things wait, say so, and are asked elsewhere. Nothing is lost."""

import pytest

from backend.core.outbox.recipient_limits import MOST_FROM_ONE, MOST_IN_ALL, MOST_URGENT_EXTRA
from backend.core.people.accounts import add_person
from backend.core.requests.ask import Ask, ask_people
from backend.domain.people import Person
from backend.domain.states import FeedbackType
from backend.errors import Refusal
from tests.backend.conftest import Opened
from tests.support.delivery_setup import Outbox


@pytest.fixture
async def post(opened: Opened) -> Outbox:
    office = Outbox(opened)
    await office.link("slack")
    return office


async def asker(post: Outbox, name: str) -> Person:
    added = await post.opened.db.transact(add_person, email=f"{name}@example.org", password_hash="-", name=name, role="member")
    return Person(added["id"], name)


async def ask_dana(post: Outbox, by: Person, due_in: float | None = None) -> str:
    route = [{"channel": "slack", "wait_seconds": 60}, {"channel": "chat", "wait_seconds": 60}]
    wish = Ask(FeedbackType.TEXT, {"title": "A?", "prompt": "", "route": route}, [post.person.id], due_in=due_in)
    request = await post.opened.db.transact(ask_people, by, wish, None)
    assert not isinstance(request, Refusal)
    return str(request["id"])


class TestAllowance:
    async def test_of_one_asker_holds_back_the_rest_and_asks_in_the_web_app(self, post: Outbox) -> None:
        bo = await asker(post, "Bo")
        asked = [await ask_dana(post, bo) for _ in range(MOST_FROM_ONE + 3)]
        await post.deliver_due()
        assert len(post.slack.sent) == MOST_FROM_ONE
        for id in asked[MOST_FROM_ONE:]:
            slack, chat = (await post.request(id))["deliveries"]
            assert (slack["status"], slack["attempts"]) == ("retry_wait", 0) and "10 Slack messages an hour" in slack["error"]
            assert chat["channel"] == "chat"

    async def test_of_all_askers_keeps_some_for_what_is_due_soon(self, post: Outbox) -> None:
        for name in ("Bo", "Cy", "Di"):
            who = await asker(post, name)
            for _ in range(MOST_FROM_ONE - 1):
                await ask_dana(post, who)
        await post.deliver_due()
        assert len(post.slack.sent) == MOST_IN_ALL
        late = await asker(post, "Ed")
        await ask_dana(post, late, due_in=600)
        await post.deliver_due()
        assert len(post.slack.sent) == MOST_IN_ALL + 1 <= MOST_IN_ALL + MOST_URGENT_EXTRA

    async def test_goes_on_when_the_hour_has_passed(self, post: Outbox) -> None:
        bo = await asker(post, "Bo")
        for _ in range(MOST_FROM_ONE + 1):
            await ask_dana(post, bo)
        await post.deliver_due()
        post.pass_time("slack", 3601)
        await post.deliver_due()
        assert len(post.slack.sent) == MOST_FROM_ONE + 1

    async def test_is_not_for_what_one_s_own_session_asks(self, post: Outbox) -> None:
        for _ in range(MOST_IN_ALL + MOST_URGENT_EXTRA + 1):
            await post.ask(route=[{"channel": "slack", "wait_seconds": 60}])
        await post.deliver_due()
        assert len(post.slack.sent) == MOST_IN_ALL + MOST_URGENT_EXTRA + 1
