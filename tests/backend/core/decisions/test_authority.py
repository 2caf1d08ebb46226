"""Who may decide is what holds when the answer comes, on either database: groups, disabled people, rules that changed."""

import asyncio
import json
from typing import Any

import pytest

from backend.core.inbound import receive_answer
from backend.core.linking.linked_accounts import link_account
from backend.core.outbox.notices import send_message
from backend.core.people.accounts import add_person, confirm_person, disable_person, enable_person, rename_person
from backend.core.people.groups import add_members, remove_members
from backend.core.requests.ask import Ask, ask_people
from backend.core.requests.reroute import reroute_request
from backend.db import Publish
from backend.db.queries.requests import list_requests
from backend.db.transaction import person_topic
from backend.domain.people import Person
from backend.domain.states import FeedbackType
from backend.errors import Conflict, Forbidden, Invalid, Refusal
from backend.tools.registry import registry
from channels.contract import InboundAnswer, TextMessage
from tests.support.delivery_setup import POLICY, SET_UP, Outbox

DEPLOY = {"tool": "deploy", "args": {"to": "production"}, "risk": "medium"}


async def join(post: Outbox, name: str, *channels: str, proven: bool = True) -> Person:
    """Somebody else, with accounts on those channels."""
    email = f"{name.lower()}@example.org"
    proof: dict[str, Any] = {} if proven else {"proof": None}
    added = await post.opened.db.transact(add_person, email=email, password_hash="-", name=name, role="member", **proof)
    for channel in channels:
        await post.opened.db.transact(link_account, str(added["id"]), channel, f"{channel}/{name}", name)
    return Person(str(added["id"]), name)


async def finance(post: Outbox, *members: Person) -> None:
    await post.opened.db.transact(add_members, "finance", [f"{each.name.lower()}@example.org" for each in members])


async def answer(post: Outbox, id: str, by: Person, action: str = "approve", version: int | None = None, **more: Any) -> Any:
    inbound = InboundAnswer("chat", by.id, id, action, version=version, **more)
    return await post.opened.db.transact(receive_answer, by, inbound, registry, POLICY)


async def sees(post: Outbox, person: Person) -> list[str]:
    page = await post.opened.db.read(lambda tx: list_requests(tx, person.id, status="pending", session_id=None, before=None))
    return [row.id for row in page.rows]


class TestGroup:
    async def test_whoever_left_it_decides_no_more_and_sees_no_more(self, post: Outbox) -> None:
        bo, cy = await join(post, "Bo", "slack"), await join(post, "Cy")
        await finance(post, bo, cy)
        id = await post.ask(to=["finance"], action=DEPLOY)
        await post.opened.db.transact(remove_members, "finance", ["bo@example.org"])
        assert (await post.request(id))["to"] == [cy.id]
        assert await sees(post, bo) == []
        refusal = await answer(post, id, bo)
        assert isinstance(refusal, Forbidden) and "no longer asked about this" in refusal.detail
        assert (await answer(post, id, cy))["status"] == "answered"

    async def test_the_copies_of_whoever_left_are_closed_without_a_word_of_what_it_was(self, post: Outbox) -> None:
        bo, cy = await join(post, "Bo", "slack", "email"), await join(post, "Cy")
        await finance(post, bo, cy)
        id = await post.ask(to=["finance"], action=DEPLOY, route=[{"channel": "slack", "wait_seconds": 3600}])
        await post.deliver_due()
        await post.opened.db.transact(remove_members, "finance", ["bo@example.org"])
        await post.deliver_due()
        ((question, to, *_),) = [each for each in post.slack.settled if each[1].account == "slack/Bo"]
        assert "production" not in str(question.request) and "Deploy" not in str(question.request)
        assert question.request["status"] == "cancelled" and to.account == "slack/Bo"
        assert (await post.request(id))["status"] == "pending"

    async def test_the_tabs_of_whoever_left_hear_that_it_is_theirs_no_more_and_nothing_of_what_it_is(self, post: Outbox) -> None:
        bo, cy = await join(post, "Bo"), await join(post, "Cy")
        await finance(post, bo, cy)
        id = await post.ask(to=["finance"], action=DEPLOY)
        post.opened.sent.clear()
        await post.opened.db.transact(remove_members, "finance", ["bo@example.org"])
        told = [each for each in post.opened.sent if isinstance(each, Publish) and each.topic == person_topic(bo.id)]
        assert [json.loads(each.text)["type"] for each in told] == ["feedback_delivery"]
        assert id in told[0].text and "production" not in told[0].text and "Deploy" not in told[0].text

    async def test_whoever_joins_it_is_asked_what_is_open(self, post: Outbox) -> None:
        bo, cy = await join(post, "Bo"), await join(post, "Cy", "slack")
        await finance(post, bo)
        id = await post.ask(to=["finance"], route=[{"channel": "slack", "wait_seconds": 3600}])
        await finance(post, cy)
        await post.deliver_due()
        assert await sees(post, cy) == [id]
        assert [to.account for _, to, _ in post.slack.sent] == ["slack/Cy"]
        assert (await answer(post, id, cy))["response"]["by"]["name"] == "Cy"

    async def test_who_comes_back_is_asked_anew(self, post: Outbox) -> None:
        bo, cy = await join(post, "Bo", "slack"), await join(post, "Cy")
        await finance(post, bo, cy)
        id = await post.ask(to=["finance"], route=[{"channel": "slack", "wait_seconds": 3600}])
        await post.deliver_due()
        await post.opened.db.transact(remove_members, "finance", ["bo@example.org"])
        await post.deliver_due()
        await finance(post, bo)
        await post.deliver_due()
        assert [to.account for _, to, _ in post.slack.sent] == ["slack/Bo", "slack/Bo"]
        assert (await answer(post, id, bo))["status"] == "answered"

    async def test_emptied_leaves_a_dead_letter(self, post: Outbox) -> None:
        bo = await join(post, "Bo", "slack")
        await finance(post, bo)
        id = await post.ask(to=["finance"])
        await post.opened.db.transact(remove_members, "finance", ["bo@example.org"])
        request = await post.request(id)
        assert (request["dead_letter"], request["to"]) == (True, [])
        await finance(post, bo)
        assert (await post.request(id))["dead_letter"] is False

    async def test_loses_members_who_are_disabled_or_unproven_too(self, post: Outbox) -> None:
        bo = await join(post, "Bo")
        await finance(post, bo)
        await post.opened.db.transact(disable_person, "bo@example.org")
        await post.opened.db.transact(remove_members, "finance", ["bo@example.org"])
        assert post.opened.on_disk("SELECT count(*) FROM group_members") == [(0,)]


class TestRace:
    """Whichever of the two comes first on record is the whole truth; nobody who has left decides after it."""

    async def test_of_an_answer_with_the_removal_of_who_gives_it(self, post: Outbox) -> None:
        bo, cy = await join(post, "Bo"), await join(post, "Cy")
        for _ in range(12):
            await finance(post, bo, cy)
            id = await post.ask(to=["finance"], action=DEPLOY)
            removal = post.opened.db.transact(remove_members, "finance", ["bo@example.org"])
            answered, _ = await asyncio.gather(answer(post, id, bo), removal)
            (left,) = post.opened.on_disk(f"SELECT count(*) FROM audit WHERE subject = '{id}' AND action = 'feedback.changed'")
            request = await post.request(id)
            if isinstance(answered, Refusal):
                assert isinstance(answered, Forbidden) and request["to"] == [cy.id]
                assert (request["status"], left) == ("pending", (1,))
            else:
                assert (request["status"], left) == ("answered", (0,))

    async def test_of_two_confirmations_leaves_one_on_record(self, post: Outbox) -> None:
        await join(post, "Eve", proven=False)
        confirm = (post.opened.db.transact(confirm_person, "eve@example.org") for _ in range(4))
        await asyncio.gather(*confirm)
        assert post.opened.on_disk("SELECT count(*) FROM audit WHERE action = 'person.confirmed'") == [(1,)]


class TestNames:
    async def test_of_one_person_by_id_and_by_address_are_one_seat(self, post: Outbox) -> None:
        bo = await join(post, "Bo", "slack")
        await finance(post, bo)
        names = [bo.id, "Bo@Example.org", "finance"]
        id = await post.ask(to=names, route=[{"channel": "slack", "wait_seconds": 3600}])
        await post.deliver_due()
        assert (await post.request(id))["to"] == [bo.id] and len(post.slack.sent) == 1
        await post.opened.db.transact(remove_members, "finance", ["bo@example.org"])
        now = await post.request(id)
        assert (now["to"], now["version"]) == ([bo.id], 1)  # named by themselves too

    async def test_that_change_leave_people_where_they_were(self, post: Outbox) -> None:
        bo = await join(post, "Bo")
        await finance(post, bo)
        id = await post.ask(to=["finance"])
        await post.opened.db.transact(rename_person, "bo@example.org", "Robert")
        assert [each["name"] for each in (await post.request(id))["recipients"]] == ["Robert"]
        assert (await answer(post, id, bo))["status"] == "answered"

    async def test_of_who_was_shut_out_are_not_to_be_had_by_registering_anew(self, post: Outbox) -> None:
        bo = await join(post, "Bo")
        await finance(post, bo)
        await post.ask(to=["finance"])
        await post.opened.db.transact(disable_person, "bo@example.org")
        with pytest.raises(Conflict, match="already"):
            await join(post, "Bo", proven=False)


class TestDisabled:
    async def test_is_sent_nothing_and_decides_nothing(self, post: Outbox) -> None:
        bo = await join(post, "Bo", "slack", "email")
        id = await post.ask(to=[bo.id, post.person.id], action=DEPLOY, route=[{"channel": "email", "wait_seconds": 3600}])
        await post.opened.db.transact(send_message, bo.id, "slack", TextMessage("a word"))
        await post.opened.db.transact(disable_person, "bo@example.org")
        await post.deliver_due()
        assert {to.account for _, to, _ in post.email.sent} == {"email/dana"}
        assert post.slack.texts == []
        assert isinstance(await answer(post, id, bo), Forbidden)
        assert (await post.request(id))["to"] == [post.person.id]

    async def test_copies_that_went_out_are_closed_where_that_sends_nothing(self, post: Outbox) -> None:
        bo = await join(post, "Bo", "slack", "email")
        for channel in ("slack", "email"):
            await post.ask(to=[bo.id], action=DEPLOY, route=[{"channel": channel, "wait_seconds": 3600}])
        await post.deliver_due()
        await post.opened.db.transact(disable_person, "bo@example.org")
        await post.deliver_due()
        assert [to.account for _, to, *_ in post.slack.settled] == ["slack/Bo"] and post.email.settled == []
        assert "production" not in str(post.slack.settled[0][0].request)

    async def test_who_alone_could_decide_leaves_a_dead_letter_and_comes_back_to_it(self, post: Outbox) -> None:
        bo = await join(post, "Bo", "slack")
        id = await post.ask(to=[bo.id])
        await post.deliver_due()
        await post.opened.db.transact(disable_person, "bo@example.org")
        assert (await post.request(id))["dead_letter"] is True
        await post.opened.db.transact(enable_person, "bo@example.org")
        await post.deliver_due()
        assert (await post.request(id))["to"] == [bo.id]
        assert (await answer(post, id, bo))["status"] == "answered"

    async def test_leaves_the_account_to_whoever_proves_it_is_theirs(self, post: Outbox) -> None:
        bo, cy = await join(post, "Bo", "slack"), await join(post, "Cy")
        with pytest.raises(Forbidden, match="somebody else"):
            await post.opened.db.transact(link_account, cy.id, "slack", "slack/Bo", "Bo")
        await post.opened.db.transact(disable_person, "bo@example.org")
        await post.opened.db.transact(link_account, cy.id, "slack", "slack/Bo", "Bo")
        assert post.opened.on_disk("SELECT person_id FROM connections WHERE account = 'slack/Bo'") == [(cy.id,)]
        assert bo.id != cy.id

    async def test_cannot_be_named(self, post: Outbox) -> None:
        bo = await join(post, "Bo")
        await post.opened.db.transact(disable_person, "bo@example.org")
        with pytest.raises(Invalid):
            await post.ask(to=[bo.id])


class TestAddress:
    async def test_counts_only_once_it_is_proven(self, post: Outbox) -> None:
        eve = await join(post, "Eve", proven=False)
        for name in ("eve@example.org", eve.id):
            with pytest.raises(Invalid) as refusal:
                await post.ask(to=[name])
            assert "no person with a confirmed address" in refusal.value.errors[0].message
        with pytest.raises(Invalid):
            await finance(post, eve)
        await post.opened.db.transact(confirm_person, "eve@example.org")
        assert await post.ask(to=["eve@example.org"])
        await finance(post, eve)

    async def test_is_proven_by_linking_it_by_mail(self, post: Outbox) -> None:
        eve = await join(post, "Eve", proven=False)
        await post.opened.db.transact(link_account, eve.id, "email", "other@example.org", "other")
        assert post.opened.on_disk("SELECT confirmed_by FROM people WHERE name = 'Eve'") == [(None,)]
        await post.opened.db.transact(link_account, eve.id, "email", "Eve@example.org", "eve")
        assert post.opened.on_disk("SELECT confirmed_by FROM people WHERE name = 'Eve'") == [("mail",)]

    async def test_of_their_own_anybody_may_name(self, post: Outbox) -> None:
        eve = await join(post, "Eve", proven=False)
        wish = Ask(FeedbackType.TEXT, {"title": "?", "prompt": ""}, ["eve@example.org"])
        request = await post.opened.db.transact(ask_people, eve, wish, None)
        assert not isinstance(request, Refusal) and request["to"] == [eve.id]


RULE = {"approvals": 1, "distinct_from_requester": True}


class TestSomebodyElse:
    async def ask(self, post: Outbox, *to: str) -> Any:
        wish = Ask(FeedbackType.CONFIRMATION, {"title": "?", "prompt": "", "action": DEPLOY}, list(to), rule=RULE)
        return await post.opened.db.transact(ask_people, post.person, wish, None)

    async def test_than_the_asker_decides_where_the_rule_wants_it(self, post: Outbox) -> None:
        bo = await join(post, "Bo")
        request = await self.ask(post, post.person.id, bo.id)
        assert (request["to"], request["rule"]) == ([bo.id], RULE)
        refusal = await answer(post, request["id"], post.person)
        assert isinstance(refusal, Forbidden) and refusal.detail == "Only Bo can answer this."
        assert (await answer(post, request["id"], bo))["status"] == "answered"

    async def test_has_to_be_named(self, post: Outbox) -> None:
        for to in ((), (post.person.id,)):
            with pytest.raises(Invalid, match="nobody but you"):
                await self.ask(post, *to)

    async def test_stays_somebody_else_when_the_asker_joins_the_group(self, post: Outbox) -> None:
        bo = await join(post, "Bo")
        await finance(post, bo)
        request = await self.ask(post, "finance")
        await finance(post, post.person)
        assert (await post.request(request["id"]))["to"] == [bo.id]


class TestVersion:
    async def test_grows_with_the_people_and_the_route_and_not_with_deliveries(self, post: Outbox) -> None:
        bo, cy = await join(post, "Bo", "slack"), await join(post, "Cy")
        await finance(post, bo)
        id = await post.ask(to=["finance"])
        await post.deliver_due()
        assert (await post.request(id))["version"] == 1
        await finance(post, cy)
        assert (await post.request(id))["version"] == 2
        await post.opened.db.transact(reroute_request, bo, id, "slack", SET_UP)
        assert (await post.request(id))["version"] == 3
        await finance(post, cy)
        assert (await post.request(id))["version"] == 3

    async def test_of_an_answer_must_be_the_one_that_is_open(self, post: Outbox) -> None:
        bo, cy = await join(post, "Bo"), await join(post, "Cy")
        await finance(post, bo)
        id = await post.ask(to=["finance"])
        await finance(post, cy)
        refusal = await answer(post, id, bo, version=1)
        assert isinstance(refusal, Conflict) and refusal.code == "version_conflict"
        assert refusal.extra["request"]["version"] == 2
        assert (await answer(post, id, bo, version=2))["status"] == "answered"
