"""A real Chromium for the browser journeys: one on the PATH, or the one the web app's dependencies bring along."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

PACKAGES = Path(__file__).parents[2] / "frontend/node_modules"
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
    return (installed, "") if installed else unpack(PACKAGES)


def unpack(packages: Path) -> tuple[str, str]:
    """The browser that the web app's packages bring along, unpacked beside them: the temporary folder is shared with other
    users of the machine, and outlives the version that is installed."""
    place = packages / ".chromium"
    files, whole = place / "files", place / "whole"
    place.mkdir(exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two test processes must not unpack over each other
        if not whole.exists():
            shutil.rmtree(files, ignore_errors=True)  # what somebody began and did not end
            files.mkdir()
        script, environment = Path(__file__).with_name("chromium.mjs"), os.environ | {"TMPDIR": str(files)}
        said = subprocess.run(["node", script], capture_output=True, text=True, check=True, env=environment).stdout
        whole.touch()
    found = json.loads(said)
    return found["path"], found["libraries"]
