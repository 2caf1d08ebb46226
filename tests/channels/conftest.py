"""Fixtures: the emulated Slack for the tests of all channels."""

from tests.support.slack import slack, slack_server

__all__ = ["slack", "slack_server"]
