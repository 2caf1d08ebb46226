"""A reply decides by its exact words alone, and its sender is told the result once."""

from typing import Any

import pytest

from backend.core.mail.received_mail import READINGS
from backend.core.people.groups import add_members, remove_members
from backend.core.requests.ask import Ask, ask_people
from backend.domain.policy import Policy
from backend.domain.states import FeedbackType
from backend.errors import Refusal
from channels.contract import Accepted, ChannelAnswer
from channels.email.incoming_mail import IncomingMail
from channels.email.read.parsed_mail import read_mail
from channels.mail_contract import Proposal
from tests.backend.conftest import Opened
from tests.channels.email.sample_calls import APPROVAL, DEPLOY, RISKY, eve
from tests.support.emulated_google import AGENT, DANA, EVE, answering
from tests.support.mail_intake import MailSetup


class TestReply:
    async def test_decides_and_is_quoted_back(self, desk: MailSetup) -> None:
        id = await desk.post.ask(action=DEPLOY)
        await desk.replies(id, "REJECT not on a Friday")
        response = (await desk.post.request(id))["response"]
        assert (response["action"], response["feedback"], response["via"]) == ("reject", "not on a Friday", "email")
        (told,) = await desk.told()
        assert "Rejected" in told and "not on a Friday" in told
        assert desk.kept() == [("answer", True, id)]
        assert desk.words[0].about == id

    async def test_may_change_the_arguments(self, desk: MailSetup) -> None:
        id = await desk.post.ask(action=DEPLOY)
        await desk.replies(id, "APPROVE\nversion: 8")
        response = (await desk.post.request(id))["response"]
        assert (response["action"], response["values"]) == ("edit", {"to": "production", "version": 8})
        assert "7 → 8" in (await desk.told())[0]

    async def test_that_comes_again_is_the_same_reply(self, desk: MailSetup) -> None:
        id = await desk.post.ask(action=DEPLOY)
        arrived = await desk.replies(id, "APPROVE")
        for _ in range(2):
            await desk.intake.receive(AGENT, arrived)
        assert len(await desk.told()) == 1
        assert desk.kept() == [("answer", True, id)]
        assert desk.opened.on_disk("SELECT count(*) FROM feedback_responses") == [(1,)]

    async def test_that_was_delivered_twice_is_one_reply(self, desk: MailSetup) -> None:
        id = await desk.post.ask(action=DEPLOY)
        mail = answering(DANA, desk.asked(id), "APPROVE")
        await desk.comes(mail)
        await desk.comes(mail)
        assert len(await desk.told()) == 1
        assert desk.opened.on_disk("SELECT count(*) FROM feedback_responses") == [(1,)]

    async def test_is_told_what_it_did_also_if_we_died_before_telling(self, desk: MailSetup) -> None:
        id = await desk.post.ask(action=DEPLOY)
        mail = answering(DANA, desk.asked(id), "APPROVE")
        event = IncomingMail(AGENT, "1", "t1", read_mail(mail.as_bytes(), AGENT)).event_id
        assert event == f"{AGENT} 1"  # nobody vouches for it without the headers of our receiver
        arrived = await desk.comes(mail, dmarc="fail")
        came = IncomingMail(AGENT, "2", "t1", read_mail(arrived.raw.replace(b"dmarc=fail", b"dmarc=pass"), AGENT))
        said = ChannelAnswer("email", DANA, came.event_id, id, "approve", version=1, sent_at=came.mail.sent_at)
        assert isinstance(await desk.inbox.receive_answer(said), Accepted)
        await desk.comes(mail)
        (told,) = await desk.told()
        assert "Approved" in told and "Already" not in told

    async def test_that_is_late_is_told_who_decided(self, desk: MailSetup) -> None:
        id = await desk.post.ask(action=DEPLOY)
        await desk.post.answer(id, "reject")
        await desk.replies(id, "APPROVE")
        (told,) = await desk.told()
        assert "Already rejected by Dana" in told and "in the web app" in told
        assert (await desk.post.request(id))["response"]["action"] == "reject"
        assert desk.kept() == [("late", True, id)]

    async def test_with_wrong_values_is_told_each_of_them(self, desk: MailSetup) -> None:
        fields = [{"name": "n", "type": "integer"}, {"name": "day", "type": "date"}]
        id = await desk.post.ask(type="form", fields=fields)
        await desk.replies(id, "n: many\nday: someday")
        (told,) = await desk.told()
        assert "**n**" in told and "**day**" in told
        assert (await desk.status(id), desk.kept()) == ("pending", [("refused", True, id)])

    async def test_cannot_approve_what_is_too_risky_for_mail_but_can_reject_it(self, desk: MailSetup) -> None:
        id = await desk.post.ask(action=RISKY)
        await desk.replies(id, "APPROVE")
        assert await desk.status(id) == "pending"
        (told,) = await desk.told()
        assert f"/r/{id}" in told
        await desk.replies(id, "REJECT")
        assert await desk.status(id) == "answered"

    async def test_cannot_approve_what_no_mail_could_show_whole(self, desk: MailSetup) -> None:
        id = await desk.post.ask(action={"tool": "write", "args": {"text": "x" * 50_000}, "risk": "low"})
        await desk.replies(id, "APPROVE")
        assert await desk.status(id) == "pending"
        assert f"/r/{id}" in (await desk.told())[0]

    async def test_of_somebody_who_may_not_see_the_request_any_more_is_told_so(self, desk: MailSetup) -> None:
        await eve(desk)
        id = await desk.post.ask(action=DEPLOY)
        await desk.comes(answering(EVE, desk.asked(id, EVE), "APPROVE"))
        assert await desk.status(id) == "pending"
        assert "not yours" in (await desk.told())[0]

    async def test_of_somebody_who_left_the_group_is_told_so(self, desk: MailSetup) -> None:
        await eve(desk)
        await desk.post.opened.db.transact(add_members, "ops", ["dana@example.org", "eve@example.org"])
        id = await desk.post.ask(to=["ops"], action=DEPLOY)
        await desk.post.opened.db.transact(remove_members, "ops", ["eve@example.org"])
        for text in ("APPROVE", "REJECT"):
            await desk.comes(answering(EVE, desk.asked(id, EVE, version=1), text))
        assert await desk.status(id) == "pending"
        (told,) = await desk.told()
        assert "no longer asked about this" in told and "production" not in told

    async def test_of_the_asker_is_refused_where_the_rule_wants_somebody_else(self, desk: MailSetup) -> None:
        await eve(desk)
        body = {"title": "?", "prompt": "", "action": DEPLOY}
        rule = {"approvals": 1, "distinct_from_requester": True}
        wish = Ask(FeedbackType.CONFIRMATION, body, ["dana@example.org", "eve@example.org"], rule=rule)
        request = await desk.post.opened.db.transact(ask_people, desk.post.person, wish, None)
        assert not isinstance(request, Refusal)
        await desk.comes(answering(DANA, desk.asked(request["id"], version=1), "APPROVE"))
        assert await desk.status(request["id"]) == "pending"
        assert "Only Eve can answer this" in (await desk.told())[0]


class TestVersion:
    """A mail is answered as it was read: what has changed since is shown, and decided by an answer to that."""

    async def changed(self, desk: MailSetup, **body: Any) -> str:
        """A request that Eve is asked too, since she came into the group."""
        await eve(desk)
        await desk.post.opened.db.transact(add_members, "ops", ["dana@example.org"])
        id = await desk.post.ask(to=["ops"], **body)
        await desk.post.opened.db.transact(add_members, "ops", ["eve@example.org"])
        assert (await desk.post.request(id))["version"] == 2
        return id

    @pytest.mark.parametrize("showed", [1, None])
    async def test_that_is_old_decides_nothing_and_shows_what_is_asked_now(self, desk: MailSetup, showed: int | None) -> None:
        id = await self.changed(desk, action=DEPLOY)
        await desk.comes(answering(DANA, desk.asked(id, version=showed), "APPROVE"))
        (told,) = await desk.told()
        assert "changed since you saw it; look at it again" in told and "Nothing was changed." in told
        assert "it would run deploy (risk medium)" in told and "version: 7" in told
        assert "APPROVE" in told and f"/r/{id}" in told
        assert (await desk.status(id), desk.kept()) == ("pending", [("refused", True, id)])
        assert desk.words[0].version == 2

    async def test_that_the_refusal_showed_is_answered(self, desk: MailSetup) -> None:
        id = await self.changed(desk, action=DEPLOY)
        await desk.comes(answering(DANA, desk.asked(id, version=1), "APPROVE"))
        await desk.told()
        shown = desk.words[0]
        assert shown.about == id
        await desk.comes(answering(DANA, desk.asked(id, version=shown.version), "APPROVE"))
        assert (await desk.post.request(id))["response"]["action"] == "approve"

    async def test_that_is_old_is_not_even_read_for_what_it_might_mean(self, desk: MailSetup) -> None:
        desk.reading = APPROVAL
        id = await self.changed(desk, action=DEPLOY)
        await desk.comes(answering(DANA, desk.asked(id, version=1), "sounds fine to me, go ahead"))
        assert desk.read == [] and "YES" not in (await desk.told())[0]
        assert await desk.status(id) == "pending"

    async def test_that_was_read_and_then_grew_old_is_not_confirmed_by_a_yes(self, desk: MailSetup) -> None:
        desk.reading = APPROVAL
        await eve(desk)
        await desk.post.opened.db.transact(add_members, "ops", ["dana@example.org"])
        id = await desk.post.ask(to=["ops"], action=DEPLOY)
        await desk.comes(answering(DANA, desk.asked(id, version=1), "sounds fine to me, go ahead"))
        await desk.post.opened.db.transact(add_members, "ops", ["eve@example.org"])
        await desk.comes(answering(DANA, desk.asked(id, version=1), "YES"))
        assert await desk.status(id) == "pending"
        assert "changed since the mail you answered" in (await desk.told())[1]


class TestReading:
    async def test_is_asked_back_and_decides_with_a_yes(self, desk: MailSetup) -> None:
        desk.reading = APPROVAL
        id = await desk.post.ask(action=DEPLOY)
        await desk.replies(id, "sounds fine to me, go ahead")
        assert await desk.status(id) == "pending"
        (told,) = await desk.told()
        assert "YES" in told and "approved" in told
        await desk.replies(id, "Yes!")
        assert (await desk.post.request(id))["response"]["action"] == "approve"
        assert [outcome for outcome, *_ in desk.kept()] == ["proposal", "answer"]

    async def test_of_one_person_s_mails_about_a_request_ends_and_the_strict_words_still_decide(self, desk: MailSetup) -> None:
        desk.reading = APPROVAL
        id = await desk.post.ask(action=DEPLOY)
        for words in ("fine", "go", "do it", "just do it", "please", "now"):
            await desk.replies(id, words)
        assert sorted(outcome for outcome, *_ in desk.kept()) == ["proposal"] * READINGS + ["unclear"]
        await desk.replies(id, "APPROVE")
        assert await desk.status(id) == "answered"

    async def test_that_is_not_confirmed_decides_nothing(self, desk: MailSetup) -> None:
        desk.reading = APPROVAL
        id = await desk.post.ask(action=DEPLOY)
        await desk.replies(id, "sounds fine")
        desk.reading = None
        await desk.replies(id, "hm, let me think")
        await desk.replies(id, "yes")
        assert await desk.status(id) == "pending"

    async def test_is_what_was_mailed_also_if_a_second_one_differs(self, desk: MailSetup) -> None:
        desk.reading = APPROVAL
        id = await desk.post.ask(action=DEPLOY)
        arrived = await desk.replies(id, "as we said")
        desk.reading = Proposal("reject")
        await desk.intake.receive(AGENT, arrived)
        await desk.replies(id, "yes")
        assert (await desk.post.request(id))["response"]["action"] == "approve"

    @pytest.mark.parametrize("risk", ["high"])
    async def test_is_never_of_what_is_risky(self, opened_sqlite: Opened, risk: str) -> None:
        desk = MailSetup(opened_sqlite, Policy({}, channel_risk={"email": "high"}))
        await desk.link()
        desk.reading = APPROVAL
        id = await desk.post.ask(action={**DEPLOY, "risk": risk})
        await desk.replies(id, "sounds fine to me")
        assert (desk.read, desk.kept()) == ([], [("unclear", True, id)])
        assert "APPROVE" in (await desk.told())[0]

    async def test_of_an_action_the_mail_did_not_offer_is_none(self, desk: MailSetup) -> None:
        desk.reading = Proposal("continue")
        id = await desk.post.ask(action=DEPLOY)
        await desk.replies(id, "go on")
        assert desk.kept() == [("unclear", True, id)]

    async def test_without_a_model_is_told_the_words_that_count(self, desk: MailSetup) -> None:
        id = await desk.post.ask(action=DEPLOY)
        await desk.replies(id, "What does it do?")
        (told,) = await desk.told()
        assert "not clear enough" in told and "APPROVE" in told and "REJECT" in told
