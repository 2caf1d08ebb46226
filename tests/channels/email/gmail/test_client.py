"""Every failure of Gmail becomes the right channel error, and none sends a mail twice."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from channels.email.gmail.client import GmailClient
from channels.email.gmail.failures import retry_after
from channels.email.incoming_mail import HistoryExpired
from channels.errors import ChannelError, Disconnected, Rejected, Retryable
from tests.channels.email.connected_mailboxes import Kept, client_of
from tests.support.emulated_google import AGENT, CLIENT_ID, CLIENT_SECRET, DANA, SECOND, TOPIC, Google, compose, text_of
from tests.support.faulty_proxy import Fault
from tests.support.google_faults import GoogleFaults, refused, withdrawn

HTML = Fault(502, "<html>Bad Gateway</html>", "text/html")


@pytest.fixture
async def client(kept: Kept, faults: GoogleFaults) -> AsyncIterator[GmailClient]:
    made = client_of(kept, faults.url, timeout_s=20)
    yield made
    await made.close()


def mail(subject: str = "Hello", **headers: str) -> bytes:
    made = compose(AGENT, DANA, subject, "there")
    for name, value in headers.items():
        del made[name.replace("_", "-")]
        made[name.replace("_", "-")] = value
    return made.as_bytes()


def calls(faults: GoogleFaults, name: str) -> list[dict[str, Any]]:
    return [said for called, said in faults.calls if called == name]


def calling(url: str, mailboxes: Kept, google: Google) -> GmailClient:
    """A client whose calls go to `url`, with tokens from the peer."""
    token_url = f"{google.url}/oauth2/token"
    return GmailClient(mailboxes, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, token_url=token_url, api_url=url)


class TestSend:
    async def test_reaches_its_recipient(self, client: GmailClient, google: Google) -> None:
        sent = await client.send(AGENT, mail("Reaches"))
        assert sent.id and sent.thread
        assert text_of(google.mail(DANA, lambda each: each["Subject"] == "Reaches")).strip() == "there"

    async def test_goes_on_in_a_conversation(self, client: GmailClient) -> None:
        first = await client.send(AGENT, mail("Goes on"))
        assert (await client.send(AGENT, mail("Re: Goes on"), first.thread)).thread == first.thread

    async def test_takes_many_at_once_and_asks_for_access_once_or_twice(self, client: GmailClient, faults: GoogleFaults) -> None:
        await client.position(AGENT)
        sent = await asyncio.gather(*(client.send(AGENT, mail(f"Many {n}")) for n in range(30)))
        assert len({each.id for each in sent}) == 30
        assert len(calls(faults, "token")) == 1

    @pytest.mark.parametrize(
        ("fault", "expected", "unknown", "after"),
        [
            (refused(429, "rateLimitExceeded", Retry_After="7"), Retryable, False, 7.0),
            (refused(429, "userRateLimitExceeded"), Retryable, False, None),
            (refused(403, "rateLimitExceeded"), Retryable, False, None),
            (refused(403, "userRateLimitExceeded"), Retryable, False, None),
            (refused(403, "quotaExceeded"), Retryable, False, None),
            (refused(403, "dailyLimitExceeded"), Retryable, False, 3600.0),
            (refused(500, "backendError"), Retryable, True, None),
            (refused(503, "backendError"), Retryable, True, None),
            (HTML, Retryable, True, None),
            (Fault(body="<html>hello</html>", content_type="text/html"), Retryable, True, None),
            (Fault(body="[1, 2]"), Retryable, True, None),
            (Fault(body="{}"), Retryable, True, None),
            (Fault(body='{"id": ""}'), Retryable, True, None),
            (refused(400, "invalidArgument", "Invalid To header"), Rejected, None, None),
            (refused(404, "notFound"), Rejected, None, None),
            (refused(403, "accessNotConfigured"), Rejected, None, None),
            (Fault(413, "<html>too large</html>", "text/html"), Rejected, None, None),
            (refused(403, "insufficientPermissions"), Disconnected, None, None),
            (refused(403, "domainPolicy"), Disconnected, None, None),
            (refused(400, "failedPrecondition", "Mail service not enabled"), Disconnected, None, None),
        ],
    )
    async def test_says_what_to_do_now(
        self,
        client: GmailClient,
        faults: GoogleFaults,
        kept: Kept,
        fault: Fault,
        expected: type[ChannelError],
        unknown: bool | None,
        after: float | None,
    ) -> None:
        faults.script("send", fault)
        with pytest.raises(expected) as caught:
            await client.send(AGENT, mail())
        assert caught.value.reason and caught.value.code
        if isinstance(caught.value, Retryable):
            assert (caught.value.unknown, caught.value.after) == (unknown, after)
        assert len(calls(faults, "send")) == 1
        assert bool(kept.lost) == (expected is Disconnected)

    async def test_is_tried_once_where_the_connection_ends_before_the_reply(self, kept: Kept, google: Google) -> None:
        """As a server does that dies: it read the mail, and says nothing."""
        async with asyncio.timeout(60):
            heard = 0

            async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                nonlocal heard
                heard += (await reader.readuntil(b"\r\n")).startswith(b"POST")
                writer.close()

            server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            client = calling(url, kept, google)
            with pytest.raises(Retryable) as caught:
                await client.send(AGENT, mail())
            await client.close()
            server.close()
        assert caught.value.unknown and heard == 1

    async def test_that_hangs_is_given_up_and_not_known(self, kept: Kept, faults: GoogleFaults) -> None:
        client = client_of(kept, faults.url, timeout_s=2)
        await client.position(AGENT)
        faults.script("send", Fault(hang=True))
        with pytest.raises(Retryable) as caught:
            await client.send(AGENT, mail())
        assert caught.value.unknown
        await client.close()

    async def test_that_never_left_is_known_not_to_have(self, kept: Kept, google: Google) -> None:
        gone = calling("http://127.0.0.1:1", kept, google)
        with pytest.raises(Retryable) as caught:
            await gone.send(AGENT, mail())
        assert not caught.value.unknown
        await gone.close()

    async def test_does_not_hold_up_the_loop(self, kept: Kept, faults: GoogleFaults) -> None:
        client = client_of(kept, faults.url, timeout_s=3)
        await client.position(AGENT)
        faults.script("send", Fault(hang=True))
        sending = asyncio.create_task(client.send(AGENT, mail()))
        assert await client.position(AGENT)
        assert not sending.done()
        with pytest.raises(Retryable):
            await sending
        await client.close()


class TestAccess:
    async def test_that_expired_is_renewed_once(self, client: GmailClient, google: Google, faults: GoogleFaults) -> None:
        await client.position(AGENT)
        google.expire()
        await client.send(AGENT, mail())
        assert len(calls(faults, "token")) == 2

    async def test_that_google_refuses_even_when_renewed_is_lost(
        self, client: GmailClient, kept: Kept, faults: GoogleFaults
    ) -> None:
        await client.position(AGENT)
        faults.script("send", refused(401, "authError"), refused(401, "authError"))
        with pytest.raises(Disconnected):
            await client.send(AGENT, mail())
        assert [mailbox for mailbox, _ in kept.lost] == [AGENT] and len(calls(faults, "send")) == 2

    async def test_that_was_withdrawn_is_lost_and_says_to_connect_again(
        self, client: GmailClient, kept: Kept, google: Google
    ) -> None:
        await client.position(AGENT)
        google.revoke()
        with pytest.raises(Disconnected) as caught:
            await client.send(AGENT, mail())
        assert caught.value.code == "invalid_grant" and "Connect the agent's mailbox again" in kept.lost[0][1]
        with pytest.raises(Disconnected):
            await client.position(AGENT)
        await kept.connect(google)
        assert await client.position(AGENT)

    @pytest.mark.parametrize(
        ("fault", "expected"),
        [
            (withdrawn(), Disconnected),
            (Fault(401, '{"error":"invalid_client"}'), Rejected),
            (Fault(400, '{"error":"unauthorized_client"}'), Rejected),
            (Fault(400, "<html>no</html>", "text/html"), Retryable),
            (Fault(body="[]"), Retryable),
            (Fault(body='{"token_type":"Bearer"}'), Retryable),
        ],
    )
    async def test_that_is_not_given_says_what_to_do(
        self, client: GmailClient, faults: GoogleFaults, fault: Fault, expected: type[ChannelError]
    ) -> None:
        faults.script("token", fault)
        with pytest.raises(expected) as caught:
            await client.send(AGENT, mail())
        assert caught.value.reason and calls(faults, "send") == []
        assert not getattr(caught.value, "unknown", False)

    async def test_of_a_mailbox_that_is_not_connected_is_not_tried(self, client: GmailClient, faults: GoogleFaults) -> None:
        with pytest.raises(Disconnected) as caught:
            await client.send(SECOND, mail())
        assert caught.value.code == "no_mailbox" and faults.calls == []

    async def test_of_two_mailboxes_is_kept_apart(self, client: GmailClient, kept: Kept, google: Google) -> None:
        await kept.connect(google, SECOND)
        mails = [(box, compose(box, DANA, f"From {box}", "x").as_bytes()) for box in (AGENT, SECOND) * 4]
        await asyncio.gather(*(client.send(*each) for each in mails))
        for box in (AGENT, SECOND):
            came = [each for each in google.mails(DANA) if each["Subject"] == f"From {box}"]
            assert {each["Return-Path"] for each in came} == {f"<{box}>"}


class TestReading:
    async def test_finds_what_was_sent_by_its_id(self, client: GmailClient) -> None:
        sent = await client.send(AGENT, mail("Found", message_id="<req_1.find@assent.example>"))
        assert await client.find(AGENT, "<req_1.find@assent.example>") == sent
        assert await client.find(AGENT, "<req_1.lost@assent.example>") is None

    async def test_finds_it_where_gmail_gave_it_another_id(self, client: GmailClient) -> None:
        ids = {"message_id": "<gmail.own@mail.gmail.com>", "references": "<ses_1@a.example> <req_1.other.re@a.example>"}
        sent = await client.send(AGENT, mail("Other id", **ids))
        assert await client.find(AGENT, "<req_1.other@a.example>", DANA, 0) == sent

    async def test_hears_what_came_in_order_and_once(self, client: GmailClient, google: Google) -> None:
        position = await client.position(AGENT)
        for n in range(3):
            google.send(DANA, AGENT, f"Word {n}", f"said {n}")
        google.mail(AGENT, lambda each: each["Subject"] == "Word 2")
        ids, now = await client.added_since(AGENT, position)
        came = [await client.fetch(AGENT, id) for id in ids]
        assert [f"said {n}".encode() in each.raw for n, each in enumerate(came) if each] == [True] * 3
        assert all(each and "INBOX" in each.labels for each in came)
        assert (await client.added_since(AGENT, now))[0] == []

    @pytest.mark.parametrize("fault", [refused(404, "notFound"), refused(400, "invalidArgument")])
    async def test_of_a_history_too_old_says_so(self, client: GmailClient, faults: GoogleFaults, fault: Fault) -> None:
        faults.script("history", fault)
        with pytest.raises(HistoryExpired):
            await client.added_since(AGENT, "1")

    async def test_follows_the_pages(self, client: GmailClient, faults: GoogleFaults) -> None:
        a, b = ({"messagesAdded": [{"message": {"id": id}}]} for id in "ab")
        pages = {"history": [a, b], "nextPageToken": "2", "historyId": "9"}, {"history": [b], "historyId": "9"}
        faults.script("history", *(Fault(body=json.dumps(page)) for page in pages))
        assert await client.added_since(AGENT, "1") == (["a", "b"], "9")
        assert calls(faults, "history")[1]["pageToken"] == "2"

    async def test_looks_no_further_back_than_is_asked(self, client: GmailClient, faults: GoogleFaults) -> None:
        page = '{"messages":[{"id":"a"},{"id":"b"}],"nextPageToken":"more"}'
        faults.script("list", Fault(body=page), Fault(body=page))
        assert await client.search(AGENT, "after:1", 4) == ["a", "b", "a", "b"]
        assert [said["maxResults"] for said in calls(faults, "list")] == ["4", "2"]

    async def test_of_a_mail_that_was_deleted_gives_nothing(self, client: GmailClient) -> None:
        assert await client.fetch(AGENT, "msg_none") is None

    @pytest.mark.parametrize("body", ["{}", '{"id":"a"}', '{"id":"a","raw":"\\u00fc"}', "[]", "null", '{"id":1,"raw":7}'])
    async def test_of_garbage_can_be_tried_again(self, client: GmailClient, faults: GoogleFaults, body: str) -> None:
        faults.script("get", Fault(body=body))
        with pytest.raises(Retryable) as caught:
            await client.fetch(AGENT, "a")
        assert not caught.value.unknown

    @pytest.mark.parametrize("name", ["history", "list", "profile", "watch"])
    async def test_that_fails_can_be_tried_again(self, client: GmailClient, faults: GoogleFaults, name: str) -> None:
        steps: dict[str, Callable[[], Awaitable[Any]]] = {
            "history": lambda: client.added_since(AGENT, "1"),
            "list": lambda: client.search(AGENT, "x", 5),
            "profile": lambda: client.position(AGENT),
            "watch": lambda: client.watch(AGENT, TOPIC),
        }
        faults.script(name, HTML)
        with pytest.raises(Retryable) as caught:
            await steps[name]()
        assert not caught.value.unknown

    async def test_can_be_rung_for_and_no_more(self, client: GmailClient) -> None:
        assert await client.watch(AGENT, TOPIC) > 1_700_000_000_000
        await client.stop(AGENT)


class TestClose:
    async def test_can_be_done_twice_and_lets_calls_fail(self, kept: Kept, google: Google) -> None:
        client = client_of(kept, google.url)
        await client.position(AGENT)
        await client.close()
        await client.close()
        with pytest.raises(Retryable):
            await client.position(AGENT)


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("said", "seconds"), [("7", 7.0), ("0", 0.0), (None, None), ("-1", None), ("nan", None), ("soon", None), ("inf", None)]
    )
    def test_is_taken_where_it_makes_sense(self, said: str | None, seconds: float | None) -> None:
        assert retry_after(said) == seconds
