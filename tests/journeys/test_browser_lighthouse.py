"""The first page as Lighthouse reads it. Its speed is printed, not asserted: it depends on the machine."""

import json
import os
import subprocess
from pathlib import Path

from tests.support import browser
from tests.support.server import Server

SCRIPT = Path(__file__).parents[1] / "support" / "lighthouse.mjs"


def test_first_page_is_accessible_and_well_made(server: Server) -> None:
    path, libraries = browser.find()
    environment = {**os.environ, **({"LD_LIBRARY_PATH": libraries} if libraries else {})}
    command = ["node", str(SCRIPT), f"{server.url}/sign-in", path, *browser.FLAGS]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=480, check=False)
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    print(read["scores"], read["speed"])
    assert read["error"] == ""
    assert read["found"] == []
    assert read["scores"]["accessibility"] == 1
    assert read["scores"]["best-practices"] == 1
