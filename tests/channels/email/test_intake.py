"""What the intake does with a mail: who is trusted, bounces, automatic mails, link codes and repeats."""

from email import message_from_string, policy
from email.message import EmailMessage

import pytest

from backend.core.linking.link_codes import issue_code
from tests.channels.email.sample_calls import DEPLOY, eve
from tests.channels.email.test_conversation import sessions
from tests.support.emulated_google import AGENT, DANA, EVE, answering, compose
from tests.support.mail_intake import MailSetup


class TestTrust:
    async def test_is_nobody_s_without_our_receiver_s_word(self, desk: MailSetup) -> None:
        id = await desk.post.ask(action=DEPLOY)
        await desk.replies(id, "APPROVE", dmarc="fail")
        assert (await desk.status(id), await desk.told()) == ("pending", [])
        assert desk.kept() == [("unverified", False, id)]

    async def test_is_not_handed_on_with_a_forwarded_mail(self, desk: MailSetup) -> None:
        await eve(desk)
        id = await desk.post.ask(action=DEPLOY)
        await desk.comes(answering(EVE, desk.asked(id), "APPROVE"))
        assert (await desk.status(id), await desk.told()) == ("pending", [])
        assert desk.kept() == [("unverified", True, id)]
        assert await sessions(desk) == []

    async def test_is_not_had_by_guessing(self, desk: MailSetup) -> None:
        id = await desk.post.ask(action=DEPLOY)
        forged = compose(AGENT, DANA, "Deploy?", "")
        del forged["Message-ID"]
        forged["Message-ID"] = f"<{id}.{'a' * 26}@mail.example.com>"
        await desk.comes(answering(DANA, forged, "APPROVE"))
        assert (await desk.status(id), await desk.told()) == ("pending", [])

    async def test_ends_with_the_link(self, desk: MailSetup) -> None:
        id = await desk.post.ask(action=DEPLOY)
        desk.opened.change("DELETE FROM connections WHERE account = ?", DANA)
        await desk.replies(id, "APPROVE")
        assert (await desk.status(id), await desk.told()) == ("pending", [])
        assert desk.kept() == [("unverified", True, id)]

    async def test_of_a_stranger_leaves_nothing_behind(self, desk: MailSetup) -> None:
        await desk.comes(compose("stranger@evil.example", AGENT, "Buy this", "now"))
        assert (desk.kept(), await desk.told()) == ([], [])


class TestReturned:
    def bounce(self, desk: MailSetup, id: str, action: str = "failed", status: str = "5.1.1", to: str = DANA) -> EmailMessage:
        report = f"Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; {to}\nAction: {action}\nStatus: {status}\n"
        return message_from_string(
            f"From: mailer-daemon@googlemail.com\nTo: {AGENT}\nIn-Reply-To: {desk.asked(id)['Message-ID']}\nMIME-Version: 1.0\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
            "--b\nContent-Type: text/plain\n\nIt did not arrive.\n\n"
            f"--b\nContent-Type: message/delivery-status\n\n{report}\n--b--\n",
            EmailMessage,
            policy=policy.SMTP,
        )

    async def test_for_good_fails_the_copy_and_the_ladder_goes_on(self, desk: MailSetup) -> None:
        await desk.post.link("slack")
        id = await desk.post.ask(action=DEPLOY, route=[{"channel": name, "wait_seconds": 900} for name in ("email", "slack")])
        await desk.post.deliver_due()
        await desk.comes(self.bounce(desk, id))
        await desk.post.deliver_due()
        assert await desk.post.trail(id) == [("email", "failed"), ("slack", "sent")]
        reasons = desk.opened.on_disk("SELECT error FROM deliveries WHERE channel = 'email'")
        assert reasons == [(f"The mail to {DANA} came back (5.1.1).",)]
        assert ([(outcome, about) for outcome, _, about in desk.kept()], await desk.told()) == ([("bounce", id)], [])

    @pytest.mark.parametrize("how", [{"action": "delayed", "status": "4.4.1"}, {"to": "other@example.org"}], ids=str)
    async def test_for_now_or_for_somebody_else_changes_nothing(self, desk: MailSetup, how: dict[str, str]) -> None:
        id = await desk.post.ask(action=DEPLOY, route=[{"channel": "email", "wait_seconds": 900}])
        await desk.post.deliver_due()
        await desk.comes(self.bounce(desk, id, **how))
        assert await desk.post.trail(id) == [("email", "sent")]


class TestAutomatic:
    @pytest.mark.parametrize(
        "headers",
        [{"auto_submitted": "auto-replied"}, {"precedence": "bulk"}, {"list_id": "<a.b.c>"}, {"x_autoreply": "yes"}],
        ids=str,
    )
    async def test_is_no_answer_and_gets_none(self, desk: MailSetup, headers: dict[str, str]) -> None:
        id = await desk.post.ask(action=DEPLOY)
        await desk.comes(answering(DANA, desk.asked(id), "APPROVE", **headers))
        assert (await desk.status(id), await desk.told()) == ("pending", [])
        assert [(outcome, about) for outcome, _, about in desk.kept()] == [("automatic", id)]

    async def test_that_has_nothing_to_do_with_us_is_left_alone(self, desk: MailSetup) -> None:
        await desk.comes(compose(DANA, AGENT, "News", "of the week", list_id="<a.b.c>"))
        assert desk.kept() == []

    async def test_is_our_own(self, desk: MailSetup) -> None:
        await desk.comes(compose(AGENT, DANA, "Deploy?", "APPROVE"))
        assert (desk.kept(), await sessions(desk)) == ([], [])


class TestLink:
    async def code(self, desk: MailSetup, address: str) -> str:
        code, _ = await desk.opened.db.transact(issue_code, desk.post.person, "email", {"address": address})
        return code

    async def test_is_proven_from_the_very_address(self, desk: MailSetup) -> None:
        code = await self.code(desk, EVE)
        await desk.comes(compose(EVE, AGENT, "Re: Link", f"link {code}"))
        assert await desk.inbox.is_linked("email", EVE)
        assert "Linked" in (await desk.told())[0]

    @pytest.mark.parametrize(("sender", "dmarc"), [("other@example.net", "pass"), (EVE, "fail")])
    async def test_is_not_proven_by_anybody_else(self, desk: MailSetup, sender: str, dmarc: str) -> None:
        code = await self.code(desk, EVE)
        await desk.comes(compose(sender, AGENT, "Re: Link", f"link {code}"), dmarc=dmarc)
        assert not await desk.inbox.is_linked("email", sender)
        assert await desk.told() == []


class TestAgain:
    async def test_what_was_kept_before_is_passed_over(self, desk: MailSetup) -> None:
        first = compose(DANA, AGENT, "Lunch", "Where?")
        await desk.comes(first)
        desk.opened.change("UPDATE sessions SET status = ?", "closed")
        await desk.comes(first, again=True)
        await desk.comes(compose(DANA, AGENT, "Dinner", "Where?"), again=True)
        assert [content for _, content in await sessions(desk)] == ["Where?", "Where?"]
