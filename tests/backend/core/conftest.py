"""The Slack peer, for what becomes of a question when Slack fails."""

from tests.support.slack import slack, slack_server

__all__ = ["slack", "slack_server"]
