"""The post office on either database, and the Slack peer for what becomes of a question when Slack fails."""

from collections.abc import AsyncIterator

import pytest

from tests.backend.conftest import Opened
from tests.support.delivery_setup import Outbox
from tests.support.slack import slack, slack_server

__all__ = ["slack", "slack_server"]


@pytest.fixture
async def post(opened: Opened) -> AsyncIterator[Outbox]:
    """Dana has Slack and mail linked. The books are read after each test."""
    office = Outbox(opened)
    await office.link("slack", "email")
    yield office
    assert list(office.books().findings()) == []
