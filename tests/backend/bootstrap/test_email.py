"""Mail put together: what the mailboxes are opened with, what the model may propose, and as `assent doctor` finds it."""

from collections.abc import Iterator
from typing import Any

import pytest

from backend.adapters.mail_reader import MailReader
from backend.adapters.mailboxes import StoredMailboxes
from backend.auth.credential_vault import Vault
from backend.bootstrap.email import check_email
from backend.core.linking.installations import save_installation
from backend.engines.baml.model import BamlModel
from backend.engines.model_providers import ModelSettings
from backend.language.baml_language import BamlLanguage
from backend.settings.schema import load_settings
from channels.mail_contract import Proposal
from channels.oauth import Installation
from tests.backend.conftest import Opened
from tests.support.emulated_google import Google, run_google

KEY = "k3y of this installation, and no other's"
FIRST, SECOND = "agent@example.org", "second@example.org"
ASKED: dict[str, Any] = {
    "id": "req_1",
    "type": "confirmation",
    "title": "Deploy?",
    "prompt": "",
    "allowed_actions": ["approve", "reject"],
    "version": 3,
}


async def connect(opened: Opened, mailbox: str, token: str, key: str = KEY) -> None:
    installed = Installation(mailbox, mailbox, token)
    await opened.db.transact(save_installation, opened.person.id, "email", installed, Vault(key).seal(token))


@pytest.fixture
def mailboxes(opened: Opened) -> StoredMailboxes:
    return StoredMailboxes(opened.db, Vault(KEY))


class TestMailboxes:
    async def test_are_each_opened_with_their_own_token_and_the_first_speaks(
        self, opened: Opened, mailboxes: StoredMailboxes
    ) -> None:
        assert await mailboxes.first_mailbox() is None
        await connect(opened, FIRST, "one")
        opened.change("UPDATE installations SET created_at = created_at - ?", 1)
        await connect(opened, SECOND, "two")
        assert await mailboxes.refresh_token(FIRST) == "one" and await mailboxes.refresh_token(SECOND) == "two"
        assert await mailboxes.first_mailbox() == FIRST

    async def test_that_are_lost_are_opened_no_more_and_the_next_speaks(self, opened: Opened, mailboxes: StoredMailboxes) -> None:
        await connect(opened, FIRST, "one")
        opened.change("UPDATE installations SET created_at = created_at - ?", 1)
        await connect(opened, SECOND, "two")
        await mailboxes.mark_disconnected(FIRST, "The consent was withdrawn.")
        assert await mailboxes.refresh_token(FIRST) is None
        assert await mailboxes.first_mailbox() == SECOND

    async def test_sealed_with_another_secret_must_be_connected_again(self, opened: Opened, mailboxes: StoredMailboxes) -> None:
        await connect(opened, FIRST, "one", key="another secret")
        assert await mailboxes.refresh_token(FIRST) is None


class TestReader:
    async def test_proposes_only_what_may_be_answered_of_the_version_that_was_read(self) -> None:
        model = BamlModel(ModelSettings())
        language = BamlLanguage(model)
        try:
            assert await MailReader(language).read(ASKED, "approve") == Proposal("approve", version=3)
            assert await MailReader(language).read({**ASKED, "allowed_actions": ["reject"]}, "approve") is None
            assert await MailReader(language).read(ASKED, "what is this?") is None
        finally:
            await model.close()


@pytest.fixture(scope="module")
def google() -> Iterator[Google]:
    with run_google() as running:
        yield running


class TestDoctor:
    async def test_says_where_google_must_send_people_back_and_that_it_is_reached(self, google: Google) -> None:
        settings = load_settings(
            google_client_id="1",
            google_client_secret="s",
            google_token_url=f"{google.url}/oauth2/token",
            gmail_api_url=google.url,
        )
        findings = await check_email(settings)
        assert all(well for well, _ in findings) and "/api/auth/google/callback must be among" in findings[0][1]

    async def test_says_what_cannot_be_reached_and_that_google_wants_https(self) -> None:
        settings = load_settings(
            google_client_id="1",
            google_client_secret="s",
            google_token_url="http://127.0.0.1:9/token",
            gmail_api_url="http://127.0.0.1:9",
            public_url="http://assent.example.com",
        )
        ill = [said for well, said in await check_email(settings) if not well]
        assert [said.partition(":")[0] for said in ill] == ["ASSENT_PUBLIC_URL", "GOOGLE_TOKEN_URL", "GMAIL_API_URL"]
