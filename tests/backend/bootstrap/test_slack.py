"""What `assent doctor` finds about Slack."""

import pytest

from backend.bootstrap.slack import examine_slack
from backend.settings import load_settings
from channels.slack.manifest import SCOPES
from tests.support.slack import SECRET, TOKEN, Fault, Faults, Slack, slack, slack_server

__all__ = ["slack", "slack_server"]


async def findings(api_url: str) -> list[tuple[bool, str]]:
    settings = load_settings(slack_bot_token=TOKEN, slack_signing_secret=SECRET, slack_api_url=api_url)
    return await examine_slack(settings)


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
