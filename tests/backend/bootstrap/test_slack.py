"""Slack put together: for many workspaces, and as `assent doctor` finds it."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from backend.auth.credential_vault import Vault
from backend.bootstrap.slack import check_slack, slack_channel, slack_webhook
from backend.channel_inbox import ChannelInbox
from backend.core.linking.installations import save_installation
from backend.core.linking.linked_accounts import disconnect_accounts
from backend.db import Database
from backend.db.factory import open_database
from backend.settings.schema import load_settings
from backend.tools.registry import registry
from channels.contract import Address, Channel, TextMessage
from channels.errors import Disconnected, Retryable
from channels.oauth import Installation
from channels.slack.manifest import SCOPES
from tests.backend.api.attacks.slack import FORM, said
from tests.backend.conftest import Opened
from tests.backend.test_channel_inbox import plenty
from tests.channels.slack.payload_samples import clicked
from tests.support.delivery_setup import POLICY
from tests.support.server import free_port
from tests.support.slack import APP_TOKEN, DANA, SECRET, TEAM, TOKEN, Fault, Faults, Slack, run_slack, sign, slack, slack_server

__all__ = ["slack", "slack_server"]


PRESSED = urlencode({"payload": json.dumps(clicked("approve"))}).encode()
KEY = "k3y of this installation, and no other's"


@pytest.fixture
async def many(opened: Opened, slack: Slack) -> AsyncIterator[Channel]:
    """Slack for many workspaces, one of which installed the app."""
    settings = load_settings(
        slack_client_id="1.2", slack_client_secret="s", slack_signing_secret=SECRET, slack_api_url=slack.api_url, secret_key=KEY
    )
    installed = Installation(TEAM, "Test", TOKEN)
    await opened.db.transact(save_installation, opened.person.id, "slack", installed, Vault(KEY).seal(installed.secret))
    channel = slack_channel(settings, opened.db)
    yield channel
    await channel.close()


class TestManyWorkspaces:
    async def test_are_each_spoken_to_with_their_own_token(self, many: Channel, slack: Slack) -> None:
        await many.send_text(TextMessage("hello"), Address(f"{TEAM}/{DANA}"))
        assert slack.message(slack.dm())["text"] == "hello"

    async def test_that_did_not_install_us_cannot_be_reached(self, many: Channel) -> None:
        with pytest.raises(Disconnected):
            await many.send_text(TextMessage("hello"), Address("T99/U1"))

    async def test_that_removed_us_cannot_be_reached_and_their_token_is_forgotten(self, many: Channel, opened: Opened) -> None:
        await opened.db.transact(disconnect_accounts, "slack", f"{TEAM}/", "Removed.")
        with pytest.raises(Disconnected):
            await many.send_text(TextMessage("hello"), Address(f"{TEAM}/{DANA}"))
        assert opened.on_disk("SELECT secret, error FROM installations") == [("", "Removed.")]

    async def test_whose_token_was_sealed_with_another_secret_cannot_be_reached(self, many: Channel, opened: Opened) -> None:
        sealed = Vault("another secret").seal(TOKEN)
        await opened.db.transact(save_installation, opened.person.id, "slack", Installation(TEAM, "Test", TOKEN), sealed)
        with pytest.raises(Disconnected):
            await many.send_text(TextMessage("hello"), Address(f"{TEAM}/{DANA}"))


@pytest.fixture
def away() -> Iterator[Database]:
    """A database that nobody reaches."""
    db = open_database(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing", lambda _: None)
    yield db
    db.close()


class TestOutage:
    async def test_of_the_database_is_told_slack_so_that_it_asks_again(
        self, away: Database, slack: Slack, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings = load_settings(
            slack_client_id="1.2",
            slack_client_secret="s",
            slack_signing_secret=SECRET,
            slack_api_url=slack.api_url,
            secret_key=KEY,
        )
        inbox = ChannelInbox(away, registry, POLICY, "http://127.0.0.1", 4000, plenty, plenty)
        async with slack_webhook(settings, away, inbox, lambda _: None) as hook:
            for body, kind in ((said("hello"), "application/json"), (PRESSED, FORM)):
                reply = await hook({name.lower(): value for name, value in sign(body, kind).items()}, body)
                assert reply.status == 503
        assert [record for record in caplog.records if record.exc_info] == []

    async def test_of_the_database_while_something_is_sent_means_trying_again(self, away: Database, slack: Slack) -> None:
        settings = load_settings(
            slack_client_id="1.2",
            slack_client_secret="s",
            slack_signing_secret=SECRET,
            slack_api_url=slack.api_url,
            secret_key=KEY,
        )
        channel = slack_channel(settings, away)
        with pytest.raises(Retryable) as failed:
            await channel.send_text(TextMessage("hello"), Address(f"{TEAM}/{DANA}"))
        assert not failed.value.unknown
        await channel.close()


async def findings(api_url: str) -> list[tuple[bool, str]]:
    settings = load_settings(slack_bot_token=TOKEN, slack_signing_secret=SECRET, slack_api_url=api_url)
    return await check_slack(settings)


class TestDoctor:
    async def test_knows_who_we_are(self, slack: Slack) -> None:
        ((well, said),) = await findings(slack.api_url)
        assert well and "assent in Test" in said

    async def test_names_the_scopes_that_are_missing(self, slack: Slack) -> None:
        async with Faults(slack.api_url) as faults:
            known = '{"ok":true,"team":"Acme","user":"assent"}'
            faults.script("auth.test", Fault(body=known, headers={"x-oauth-scopes": ",".join(SCOPES[1:])}))
            (_, _), (well, said) = await findings(faults.url)
        assert not well and SCOPES[0] in said

    @pytest.mark.parametrize(
        ("fault", "said"),
        [
            (Fault(body='{"ok":false,"error":"invalid_auth"}'), "SLACK_BOT_TOKEN: "),
            (Fault(503, "", "text/html"), "Is http://127.0.0.1"),
        ],
    )
    async def test_says_what_to_do_about_a_refusal(self, slack: Slack, fault: Fault, said: str) -> None:
        async with Faults(slack.api_url) as faults:
            faults.script("auth.test", fault)
            ((well, told),) = await findings(faults.url)
        assert not well and said in told and TOKEN not in told

    @pytest.mark.parametrize(
        ("fault", "well", "told"),
        [
            (None, True, "Slack accepts the Socket Mode connection."),
            (Fault(body='{"ok":false,"error":"missing_scope"}'), False, "SLACK_APP_TOKEN: The Slack app lacks a permission"),
            (Fault(body='{"ok":false,"error":"invalid_auth"}'), False, "SLACK_APP_TOKEN: Slack denied access: invalid_auth"),
        ],
    )
    async def test_tries_socket_mode(self, tmp_path: Path, fault: Fault | None, well: bool, told: str) -> None:
        with run_slack(tmp_path, mode="socket") as listening:
            async with Faults(listening.api_url) as faults:
                faults.script("apps.connections.open", *([fault] if fault else []))
                settings = load_settings(slack_bot_token=TOKEN, slack_app_token=APP_TOKEN, slack_api_url=faults.url)
                (known, found) = await check_slack(settings)
        assert known[0] and found[0] is well and found[1].startswith(told) and APP_TOKEN not in found[1]
