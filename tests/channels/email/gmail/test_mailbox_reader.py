"""Every new mail reaches the intake, even if the mail before it failed."""

import time

from channels.email.gmail.mailbox_reader import GmailMailboxReader
from channels.email.incoming_mail import RawMail
from tests.channels.email.connected_mailboxes import Kept, client_of
from tests.support.emulated_google import AGENT, DANA, Google


class StuckDoor:
    """Cannot take in one kind of mail, because of a fault of ours."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []

    async def receive(self, mailbox: str, arrived: RawMail, *, skip_known: bool = False) -> None:
        if b"Stuck" in arrived.raw:
            raise ZeroDivisionError
        self.taken.append(arrived.raw)


class TestPostbox:
    async def test_goes_on_behind_a_mail_that_cannot_be_taken_in(self, google: Google, kept: Kept) -> None:
        intake = StuckDoor()
        postbox = GmailMailboxReader(client_of(kept, google.url), intake, time.time)  # type: ignore[arg-type]
        cursor = await postbox.fetch_new_mail(AGENT, None)
        google.send(DANA, AGENT, "Stuck", "First")
        google.send(DANA, AGENT, "Through", "Second")
        after = await postbox.fetch_new_mail(AGENT, cursor)
        assert [b"Through" in raw for raw in intake.taken][-1:] == [True]
        assert after != cursor
