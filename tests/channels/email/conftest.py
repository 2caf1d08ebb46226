"""Fixtures: a database with a linked person, and the emulated Google."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.backend.conftest import Opened, file, migrated, opened_sqlite
from tests.channels.email.connected_mailboxes import BACK, Kept
from tests.support.emulated_google import Google, run_google
from tests.support.google_faults import GoogleFaults
from tests.support.mail_intake import MailSetup

__all__ = ["file", "migrated", "opened_sqlite"]


@pytest.fixture(scope="session")
def google() -> Iterator[Google]:
    with run_google(BACK) as running:
        yield running


@pytest.fixture
async def faults(google: Google) -> AsyncIterator[GoogleFaults]:
    async with GoogleFaults(google) as proxy:
        yield proxy


@pytest.fixture
async def kept(google: Google, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """The agent's mailbox is connected."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # the peer is on this machine
    mailboxes = Kept()
    await mailboxes.connect(google)
    return mailboxes


@pytest.fixture
async def desk(opened_sqlite: Opened) -> MailSetup:
    made = MailSetup(opened_sqlite)
    await made.link()
    return made
