"""Log lines of the libraries, the channels among them, in the one form of all log lines."""

import json
import subprocess
import sys

PROGRAM = """
import logging
from backend.observability.log import configure
configure("json")
logging.getLogger("channels.slack.app").warning("slack.reply_failed", extra={"code": "is_archived", "token": "xoxb-1-2"})
"""


class TestALibrarysLine:
    def test_has_its_facts_as_fields_and_no_secret(self) -> None:
        done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
        line = json.loads(done.stderr)
        assert (line["event"], line["level"], line["code"], line["token"]) == (
            "slack.reply_failed",
            "warning",
            "is_archived",
            "[hidden]",
        )
