"""A real Chromium for the browser journeys: one on the PATH, or the one the web app's dependencies bring along."""

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser. ASSENT_TEST_CHROMIUM names another executable."""
    path, libraries = find()
    environment: dict[str, str | float | bool] = {**os.environ, **({"LD_LIBRARY_PATH": libraries} if libraries else {})}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS, env=environment)
        try:
            yield browser
        finally:
            browser.close()


def find() -> tuple[str, str]:
    """The executable, and where the libraries are that it needs."""
    installed = os.environ.get("ASSENT_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if installed:
        return installed, ""
    script = Path(__file__).with_name("chromium.mjs")
    with Path(tempfile.gettempdir(), "assent-chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test processes must not unpack over each other
        found = json.loads(subprocess.run(["node", script], capture_output=True, text=True, check=True).stdout)
    return found["path"], found["libraries"]
