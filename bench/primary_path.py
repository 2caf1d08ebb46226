"""Primary Path, another approval server on PostgreSQL, beside ours: one process, a proposal and the decision on it, its grant
signed. It is installed into an environment of its own, and only when it is asked for."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.wire import Http
from tests.support.postgres import Postgres
from tests.support.server import Server

VERSION = "1.0.3"
HOME = Path(__file__).parents[1] / ".bench" / f"primarypath-{VERSION}"
_numbers = itertools.count(1)


def installed() -> Path:
    """Its Python, once it is there."""
    python = HOME / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", f"primarypath-server=={VERSION}"], check=True)
    return python


class PrimaryPath(Server):
    """Not yet started."""

    def start(self, wait: bool = True, **settings: object) -> "PrimaryPath":
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PRIMARYPATH_")}
        environment |= {f"PRIMARYPATH_{name.upper()}": str(value) for name, value in {**self.settings, **settings}.items()}
        with self.log.open("ab") as log:
            command = [str(installed()), "-m", "app.main"]
            self.process = subprocess.Popen(command, cwd=self.data_dir.parent, env=environment, stdout=log, stderr=log)
        self.wait_until_ready()
        return self


@contextmanager
def primary_path(folder: Path, postgres: Postgres) -> Iterator[PrimaryPath]:
    """As it comes, but for limits on how often it may be asked."""
    server = PrimaryPath(folder / "primarypath")
    server.settings = {
        "database_url": postgres.make("primarypath"),
        "port": server.port,
        "signing_key_path": folder / "primarypath.key",
        "rate_limit_per_minute": 0,
        "agent_write_rate_per_minute": 0,
        "log_level": "warning",
    }
    try:
        yield server.start()
    finally:
        if server.is_up():
            server.stop()


async def propose_and_decide(http: Http) -> None:
    """A round."""
    number = next(_numbers)
    call = {"tool": "deploy", "arguments": {"to": "production"}, "run_id": f"run-{number}", "call_id": f"call-{number}"}
    proposed = await http.call("POST", "/api/approvals", call)
    decided = await http.call(
        "POST", f"/api/approvals/{proposed['approval_id']}/decision", {"approved": True, "reviewer": "dana"}
    )
    if decided["status"] != "granted" or not decided.get("grant"):
        raise RuntimeError(f"it was not granted: {decided}")
