"""A real server in its own process, on a free port, with its own data directory."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]

from tests.support.person import PASSWORD, PATIENCE_S, Person, client, until

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Server:
    """`assent serve` with the given settings: ours without prefix, a provider's in capitals. It may be killed and started
    again on its data. Processes that share a directory each have a `name`."""

    program = "tests.support.failpoint_server"
    role = "serve"
    words: tuple[str, ...] = ()

    def __init__(self, data_dir: Path, name: str = "", **settings: Any) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = data_dir.with_name((name or data_dir.name) + ".log")
        self.settings = {"registration": "open", "registration_rate": "100000/minute", "rate_limit": "100000/minute", **settings}
        self.process: subprocess.Popen[bytes] | None = None
        self._armable = self.log.with_suffix(".failpoint")
        self._log_begins = 0

    def start(self, wait: bool = True, **settings: Any) -> "Server":
        """Start, with further settings for this one start. `wait=False` returns before it answers."""
        environment = self._environment(settings)
        with self.log.open("ab") as log:
            self._log_begins = log.tell()
            command = [sys.executable, "-m", self.program, self.role, *self.words]
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        if wait:
            self.wait_until_ready()
        return self

    def command(self, *words: str) -> int:
        """Run `assent` beside the server, on the same data; the exit code."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "backend", *words]
            return subprocess.run(
                command, cwd=ROOT, env=self._environment({}), stdout=log, stderr=log, timeout=60, check=False
            ).returncode

    def _environment(self, settings: dict[str, Any]) -> dict[str, str]:
        given = {**self.settings, **settings}
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("ASSENT_", "OPENAI_", "ANTHROPIC_", "AZURE_", "SLACK_", "GOOGLE_", "GMAIL_"))
        }
        environment |= {name if name.isupper() else f"ASSENT_{name.upper()}": str(value) for name, value in given.items()}
        environment |= {"ASSENT_DATA_DIR": str(self.data_dir), "ASSENT_PORT": str(self.port), "ASSENT_LOG_FORMAT": "json"}
        return environment | {"ARMABLE_SPEC": str(self._armable)}

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert self.process is not None and self.process.poll() is None, (
                f"the {self.role} ended:\n{self.log.read_text()[-4000:]}"
            )
            assert time.monotonic() < deadline, f"no {self.role} within {PATIENCE_S} s:\n{self.log.read_text()[-4000:]}"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            return client(self.url).get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def arm(self, failpoint: str) -> None:
        """From now on, die (`name:kill`), raise or hang where the failpoint is next passed."""
        self._armable.write_text(failpoint)
        self._signal(signal.SIGUSR1)
        until(self._armable.exists, lambda waiting: not waiting)

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """As a machine does that is out of breath: nothing moves, nothing is lost, time goes on."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def is_stopped(self) -> bool:
        """Whether it stands still, as after `pause` or a failpoint of the kind `stop`."""
        assert self.process is not None
        return bool(psutil.Process(self.process.pid).status() == psutil.STATUS_STOPPED)

    def _signal(self, what: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(what)

    def stop(self) -> int:
        """As an operator would; the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(timeout=PATIENCE_S)

    def refuses(self) -> bool:
        """Whether nobody listens any more."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) != 0

    def is_up(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def wait_for_death(self) -> int:
        """Until the process has ended by itself, as an armed failpoint makes it."""
        assert self.process is not None
        return self.process.wait(timeout=PATIENCE_S)

    def faults(self) -> list[str]:
        """The lines of its log that hold a traceback."""
        return [line for line in self.log.read_text().splitlines() if '"exception"' in line or "Traceback" in line]

    def person(self, name: str = "Dana") -> Person:
        """A new account, signed in."""
        return Person.register(self.url, name, PASSWORD)

    def colleague(self, name: str = "Eve") -> Person:
        """A new account, signed in, whose address an administrator vouches for: others may name it."""
        person = self.person(name)
        assert self.command("users", "confirm", person.email) == 0
        return person


class Api(Server):
    """`assent api`."""

    role = "api"


class Worker(Server):
    """`assent worker`, which says on stderr that it is up. Its page for Prometheus is at `url`."""

    role = "worker"

    def __init__(self, data_dir: Path, name: str = "", **settings: Any) -> None:
        super().__init__(data_dir, name, **settings)
        self.words = ("--metrics-port", str(self.port))

    def _answers(self) -> bool:
        return b"worker is running" in self.log.read_bytes()[self._log_begins :]
