"""The wall round the Slack peer, which listens on every interface."""

from pathlib import Path

import httpx
import pytest

from tests.support.network_isolation import can_isolate
from tests.support.slack import run_slack


class TestWall:
    def test_lets_nobody_in_but_at_one_address(self, tmp_path: Path) -> None:
        """All of 127.0.0.0/8 is this machine, and stands here for its addresses in other networks."""
        if not can_isolate():
            pytest.skip("this machine makes no networks of its own for us")
        with run_slack(tmp_path) as slack:
            assert httpx.get(slack.url, trust_env=False).status_code == 200
            with pytest.raises(httpx.ConnectError):
                httpx.get(slack.url.replace("127.0.0.1", "127.0.0.2"), trust_env=False)
