"""Two people who have been here before, because signing up costs two password hashes; a newcomer for a clean slate."""

from collections.abc import Iterator

import pytest

from tests.backend.api.attacks.slack import SlackScene, card_of
from tests.support.example_requests import ask
from tests.support.person import Person
from tests.support.server import Server
from tests.support.slack import SECRET, TOKEN, link, run_slack


@pytest.fixture(scope="session")
def dana(server: Server) -> Person:
    return server.person("Dana")


@pytest.fixture(scope="session")
def eve(server: Server) -> Person:
    return server.colleague("Eve")


@pytest.fixture
def newcomer(server: Server) -> Person:
    """Nobody has asked them anything yet, and they have said nothing."""
    return server.person("Noor")


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SlackScene]:
    """A server connected to a Slack, and a request that waits there."""
    server = Server(tmp_path_factory.mktemp("slack") / "data")
    with run_slack(tmp_path_factory.mktemp("peer"), hook_port=server.port) as slack:
        try:
            server.start(SLACK_BOT_TOKEN=TOKEN, SLACK_SIGNING_SECRET=SECRET, SLACK_API_URL=slack.api_url)
            dana = server.person("Dana")
            link(dana, slack)
            dana.http.put("/api/channels", json={"items": [{"type": "slack"}, {"type": "chat"}]})
            request = ask(dana, "confirmation")
            card = card_of(slack, request["id"])
            yield SlackScene(server, slack, dana, request, card)
        finally:
            server.stop()
