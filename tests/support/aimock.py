"""A model server nobody here wrote (npm @copilotkit/aimock): scripted over HTTP, with a journal of what it was asked."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.person import PATIENCE_S

PEERS = Path(__file__).parent.parent / "peers"
COMMAND = PEERS / "node_modules/@copilotkit/aimock/dist/cli.js"
_LISTENING = re.compile(r"listening on (http://127\.0\.0\.1:\d+)")


class Aimock:
    """One running server. Fixtures are tried in the order they were added; the first that matches answers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._control = httpx.Client(base_url=f"{url}/__aimock", timeout=PATIENCE_S, trust_env=False)

    def says(self, content: str, *, to: str = "", times: int | None = None, finish: str = "stop", **options: Any) -> None:
        """Answer `content` to prompts whose last message holds `to`; with `times`, only so often."""
        self._add({"content": content, "finishReason": finish}, to, times, options)

    def fails(self, status: int, *, to: str = "", times: int | None = None, **options: Any) -> None:
        """Answer with an HTTP error whose text holds what must not be shown."""
        self._add({"error": {"message": "leaked sk-secret", "type": "broken"}, "status": status}, to, times, options)

    def asked(self) -> list[dict[str, Any]]:
        """The requests so far, oldest first: `path`, `headers`, `body`."""
        entries = self._control.get("/journal").raise_for_status().json()
        return [entry for entry in entries if not entry["path"].startswith("/__aimock")]

    def reset(self) -> None:
        self._control.post("/reset").raise_for_status()

    def close(self) -> None:
        self._control.close()

    def _add(self, response: dict[str, Any], to: str, times: int | None, options: dict[str, Any]) -> None:
        match: dict[str, Any] = {"endpoint": "chat"} | ({"userMessage": to} if to else {})
        matches = [match] if times is None else [{**match, "sequenceIndex": index} for index in range(times)]
        fixtures = [{"match": each, "response": response, **options} for each in matches]
        self._control.post("/fixtures", json={"fixtures": fixtures}).raise_for_status()


@pytest.fixture(scope="session")
def aimock_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aimock]:
    """The server's process, on a free loopback port, for as long as the tests run."""
    if not COMMAND.exists():
        raise RuntimeError("the model server is not installed: run `npm ci` in tests/peers, or `make test`")
    placeholder = tmp_path_factory.mktemp("aimock") / "fixtures.json"
    placeholder.write_text(json.dumps({"fixtures": [{"match": {"userMessage": "\u0000"}, "response": {"content": "-"}}]}))
    command = ["node", str(COMMAND), "--port", "0", "--fixtures", str(placeholder), "--strict"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        server = Aimock(_address(process))
        try:
            yield server
        finally:
            server.close()
            process.terminate()
            process.communicate()


def _address(process: subprocess.Popen[str]) -> str:
    said = []
    for line in process.stdout or ():
        said.append(line)
        if found := _LISTENING.search(line):
            return found[1]
    raise RuntimeError(f"the model server did not start: {''.join(said)}")


@pytest.fixture
def aimock(aimock_server: Aimock) -> Aimock:
    """The server with nothing scripted and an empty journal."""
    aimock_server.reset()
    return aimock_server
