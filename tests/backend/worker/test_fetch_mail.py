"""Looking into a mailbox: one at a time, from where it was left, again later whatever happens, and never lost."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from backend.core.linking.installations import save_installation
from backend.core.linking.linked_accounts import link_account
from backend.core.mail.mailboxes import FETCH_MAIL_JOB, claim_mailbox, wake_mailbox
from backend.db import WakeWorker
from backend.db.queries.mail import due_mailboxes, mailbox_row, void_mailbox_leases
from backend.worker.fetch_mail import MailFetcher
from channels.errors import ChannelError, Disconnected, Retryable
from channels.oauth import Installation
from tests.backend.conftest import Opened

MAILBOX = "agent@example.org"


@dataclass
class RecordingPostbox:
    """Hands out cursors 1, 2, 3; `failures` are raised one a look, first first."""

    cursors: list[str | None] = field(default_factory=list)
    watched: int = 0
    failures: list[ChannelError] = field(default_factory=list)
    until: int | None = None
    open: asyncio.Event = field(default_factory=asyncio.Event)
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    async def fetch_new_mail(self, account: str, cursor: str | None) -> str:
        self.cursors.append(cursor)
        self.entered.set()
        await self.open.wait()
        if self.failures:
            raise self.failures.pop(0)
        return str(len(self.cursors))

    async def watch(self, account: str) -> int | None:
        self.watched += 1
        return self.until

    async def close(self) -> None:
        self.open.set()


@pytest.fixture
def postbox() -> RecordingPostbox:
    made = RecordingPostbox()
    made.open.set()
    return made


@pytest.fixture
async def fetcher(opened: Opened, postbox: RecordingPostbox) -> MailFetcher:
    """Of a server whose one mailbox Dana connected."""
    installed = Installation(MAILBOX, MAILBOX, "")
    await opened.db.transact(save_installation, opened.person.id, "email", installed, "sealed")
    return MailFetcher(opened.db, postbox, 30)


async def due(opened: Opened) -> list[str]:
    return await opened.db.read(due_mailboxes, 10)


def pass_time(opened: Opened, seconds: float) -> None:
    earlier = round(seconds * 1000)
    moved = ", ".join(f"{name} = {name} - {earlier}" for name in ("next_at", "lease_until", "watch_until"))
    assert opened.change(f"UPDATE mailboxes SET {moved} WHERE account = ?", MAILBOX) == 1


async def row(opened: Opened) -> Any:
    return await opened.db.read(mailbox_row, MAILBOX)


class TestCollector:
    async def test_begins_at_once_and_goes_on_where_it_was(
        self, opened: Opened, fetcher: MailFetcher, postbox: RecordingPostbox
    ) -> None:
        assert await due(opened) == [MAILBOX]
        await fetcher.fetch(MAILBOX)
        await fetcher.fetch(MAILBOX)
        assert postbox.cursors == [None] and await due(opened) == []
        pass_time(opened, 31)
        assert await due(opened) == [MAILBOX]
        await fetcher.fetch(MAILBOX)
        assert postbox.cursors == [None, "1"]

    async def test_comes_again_with_the_old_cursor_after_a_failure(
        self, opened: Opened, fetcher: MailFetcher, postbox: RecordingPostbox
    ) -> None:
        postbox.failures.append(Retryable("busy", after=90))
        await fetcher.fetch(MAILBOX)
        pass_time(opened, 31)
        assert await due(opened) == []
        pass_time(opened, 60)
        await fetcher.fetch(MAILBOX)
        assert postbox.cursors == [None, None] and (await row(opened)).cursor == "2"

    async def test_is_one_at_a_time_and_rings_are_not_lost(
        self, opened: Opened, fetcher: MailFetcher, postbox: RecordingPostbox
    ) -> None:
        postbox.open.clear()
        looking = asyncio.create_task(fetcher.fetch(MAILBOX))
        await postbox.entered.wait()
        await opened.db.transact(wake_mailbox, MAILBOX)
        await fetcher.fetch(MAILBOX)
        assert postbox.cursors == [None]
        opened.sent.clear()
        postbox.open.set()
        await looking
        assert WakeWorker(FETCH_MAIL_JOB, MAILBOX) in opened.sent and await due(opened) == [MAILBOX]

    async def test_that_died_is_followed_by_another_once_its_lease_is_over(self, opened: Opened, fetcher: MailFetcher) -> None:
        assert await opened.db.transact(claim_mailbox, MAILBOX) is not None
        assert await due(opened) == []
        pass_time(opened, 61)
        assert await due(opened) == [MAILBOX]

    async def test_that_died_alone_is_followed_at_once(self, opened: Opened, fetcher: MailFetcher) -> None:
        assert await opened.db.transact(claim_mailbox, MAILBOX) is not None
        await opened.db.transact(void_mailbox_leases)
        assert await due(opened) == [MAILBOX]

    async def test_asks_to_be_rung_a_day_before_that_ends(
        self, opened: Opened, fetcher: MailFetcher, postbox: RecordingPostbox
    ) -> None:
        week_ms = 7 * 24 * 3600_000
        postbox.until = (await row(opened)).next_at + week_ms
        await fetcher.fetch(MAILBOX)
        pass_time(opened, 31)
        await fetcher.fetch(MAILBOX)
        assert postbox.watched == 1
        pass_time(opened, 6 * 24 * 3600)
        await fetcher.fetch(MAILBOX)
        assert postbox.watched == 2

    async def test_of_a_mailbox_that_is_not_ours_does_nothing(self, opened: Opened, postbox: RecordingPostbox) -> None:
        await MailFetcher(opened.db, postbox, 30).fetch("other@example.org")
        await opened.db.transact(wake_mailbox, "other@example.org")
        assert postbox.cursors == [] and opened.sent == []


class TestLoss:
    async def test_ends_the_looking_and_tells_who_connected_it_elsewhere_once(
        self, opened: Opened, fetcher: MailFetcher, postbox: RecordingPostbox
    ) -> None:
        await opened.db.transact(link_account, opened.person.id, "slack", "T1/U1", "Dana")
        await opened.db.transact(link_account, opened.person.id, "email", "dana@example.org", "Dana")
        postbox.failures.append(Disconnected("The consent was withdrawn.", "invalid_grant"))
        await fetcher.fetch(MAILBOX)
        pass_time(opened, 3600)
        assert await due(opened) == []
        await opened.db.transact(wake_mailbox, MAILBOX)
        assert await due(opened) == []
        assert opened.on_disk("SELECT status, error, secret FROM installations") == [
            ("disconnected", "The consent was withdrawn.", "")
        ]
        assert opened.on_disk("SELECT account, status FROM connections ORDER BY account") == [
            ("T1/U1", "connected"),
            ("dana@example.org", "connected"),
        ]
        ((channel, words),) = opened.on_disk("SELECT channel, words FROM deliveries")
        assert channel == "slack" and "The consent was withdrawn. Connect it again" in str(words)

    async def test_is_over_when_it_is_connected_again_and_goes_on_where_it_was(
        self, opened: Opened, fetcher: MailFetcher, postbox: RecordingPostbox
    ) -> None:
        await fetcher.fetch(MAILBOX)
        pass_time(opened, 31)
        postbox.failures.append(Disconnected("The consent was withdrawn.", "invalid_grant"))
        await fetcher.fetch(MAILBOX)
        await opened.db.transact(save_installation, opened.person.id, "email", Installation(MAILBOX, MAILBOX, ""), "sealed")
        await fetcher.fetch(MAILBOX)
        assert postbox.cursors == [None, "1", "1"]
