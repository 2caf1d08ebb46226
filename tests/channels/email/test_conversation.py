"""Mail to the agent that answers no request."""

from tests.support.emulated_google import AGENT, DANA, answering, compose
from tests.support.mail_intake import MailSetup


async def sessions(desk: MailSetup) -> list[tuple[str, str]]:
    rows = desk.opened.on_disk("SELECT session_id, content FROM messages WHERE via = 'email' ORDER BY created_at, rowid")
    return [(str(session), str(content)) for session, content in rows]


class TestTalk:
    async def test_opens_a_session_and_goes_on_in_its_thread(self, desk: MailSetup) -> None:
        first = compose(DANA, AGENT, "Re: The new office", "Which one is cheaper?")
        await desk.comes(first, thread="t7")
        await desk.comes(answering(DANA, first, "And which is nearer?"), thread="t7")
        await desk.comes(compose(DANA, AGENT, "Lunch", "Where?"), thread="t8")
        (one, _), (two, _), (three, _) = await sessions(desk)
        assert one == two != three
        assert [content for _, content in await sessions(desk)] == ["Which one is cheaper?", "And which is nearer?", "Where?"]
        assert ("The new office",) in desk.opened.on_disk("SELECT title FROM sessions")
        assert (await desk.told(), [outcome for outcome, *_ in desk.kept()]) == ([], ["message"] * 3)

    async def test_that_comes_again_is_said_once(self, desk: MailSetup) -> None:
        arrived = await desk.comes(compose(DANA, AGENT, "Lunch", "Where?"))
        await desk.intake.receive(AGENT, arrived)
        assert len(await sessions(desk)) == 1

    async def test_without_words_is_told_so(self, desk: MailSetup) -> None:
        await desk.comes(compose(DANA, AGENT, "Lunch?", "\n"))
        assert "no text of your own" in (await desk.told())[0]
        assert await sessions(desk) == []

    async def test_that_is_too_long_is_told_so(self, desk: MailSetup) -> None:
        await desk.comes(compose(DANA, AGENT, "A book", "word " * 1000))
        assert "4,000" in (await desk.told())[0]
        assert await sessions(desk) == []
