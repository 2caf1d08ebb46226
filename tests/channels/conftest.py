"""The Slack peer, for the tests of the channels."""

from tests.support.slack import slack, slack_server

__all__ = ["slack", "slack_server"]
