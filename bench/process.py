"""A process under measurement: started on a free port, asked for its CPU time and memory from outside."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]


class Process:
    """`python -m <module> <arguments>` that answers /readyz; `started_in` is the seconds that took."""

    def __init__(self, module: str, *arguments: str, port: int, log: Path, **environment: str) -> None:
        self.port = port
        clean = {name: value for name, value in os.environ.items() if not name.startswith("ASSENT_")}
        begun = time.perf_counter()
        with log.open("ab") as out:
            command = [sys.executable, "-m", module, *arguments]
            self._popen = subprocess.Popen(command, env=clean | environment, stdout=out, stderr=out)
        self._seen = psutil.Process(self._popen.pid)
        while not _ready(port):
            if self._popen.poll() is not None:
                raise RuntimeError(f"{module} ended; see {log}")
            time.sleep(0.005)
        self.started_in = time.perf_counter() - begun

    def cpu(self) -> float:
        """Seconds of processor time used so far, by this process alone."""
        times = self._seen.cpu_times()
        return float(times.user + times.system)

    def memory(self) -> int:
        """Bytes resident."""
        return int(self._seen.memory_info().rss)

    def stop(self) -> None:
        self._popen.send_signal(signal.SIGTERM)
        try:
            self._popen.wait(20)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ready(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return connection.recv(12) == b"HTTP/1.1 200"
    except OSError:
        return False
