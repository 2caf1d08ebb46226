"""What somebody has who follows the README: a checkout of their own with a `.env`, in which commands are typed as written."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.person import client, until
from tests.support.server import ROOT, free_port

OWN = {".env", ".git", "data"}


class Checkout:
    """Everything but the data and the settings is this checkout's. `url` is where the product will be reached."""

    def __init__(self, place: Path) -> None:
        self.place, self.log, self.port = place, place.with_suffix(".log"), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.beside: dict[str, str] = {}  # settings that are the test's: where its peers are
        for part in ROOT.iterdir():
            if part.name not in OWN:
                (place / part.name).symlink_to(part)

    def write_settings(self, block: str, values: Mapping[str, str]) -> None:
        """Keep the README's block as `.env`, with these values in the place of its own."""
        names = [line.partition("=")[0] for line in block.split()]
        (self.place / ".env").write_text("".join(f'{name}="{values[name]}"\n' for name in names))

    def run(self, command: str) -> str:
        """Type a command that ends well; what it prints."""
        done = subprocess.run(
            command.split(), cwd=self.place, env=self._environment(), capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def running(self, command: str) -> Iterator[None]:
        """Type a command that lasts, until the product answers; at the end press Ctrl-C's equal for the whole of it."""
        with (
            self.log.open("wb") as log,
            subprocess.Popen(
                command.split(), cwd=self.place, env=self._environment(), start_new_session=True, stdout=log, stderr=log
            ) as started,
        ):
            try:
                until(lambda: self._answers() or started.poll() is not None, bool)
                assert started.poll() is None, f"{command} ended:\n{self.log.read_text()[-4000:]}"
                yield
            finally:
                if started.poll() is None:
                    os.killpg(started.pid, signal.SIGTERM)

    def _environment(self) -> dict[str, str]:
        named = ("ASSENT_", "SLACK_", "GOOGLE_", "GMAIL_", "OPENAI_", "ANTHROPIC_", "AZURE_")
        bare = {name: value for name, value in os.environ.items() if not name.startswith(named)}
        return {**bare, "ASSENT_PORT": str(self.port), **self.beside}

    def _answers(self) -> bool:
        try:
            return client(self.url).get("/readyz").status_code == 200
        except httpx.TransportError:
            return False
