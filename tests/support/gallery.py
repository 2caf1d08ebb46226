"""The gallery of request cards: a build of the web app that has it, served under the product's own security policy."""

import functools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from backend.api.http.middleware import SECURITY_HEADERS
from tests.support.server import ROOT

KINDS = ("confirmation", "choice", "text", "form", "checkpoint")


@contextmanager
def gallery(place: Path) -> Iterator[str]:
    """The address of the gallery, built into `place`."""
    command = ["npm", "exec", "--offline", "--", "vite", "build", "--logLevel", "error", "--emptyOutDir", "--outDir", str(place)]
    built = subprocess.run(
        command, cwd=ROOT / "frontend", env={**os.environ, "VITE_GALLERY": "1"}, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Files, directory=str(place))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


class Files(SimpleHTTPRequestHandler):
    """Every path that is no file is the app's one page."""

    def translate_path(self, path: str) -> str:
        file = super().translate_path(path)
        return file if Path(file).is_file() else super().translate_path("/index.html")

    def end_headers(self) -> None:
        for name, value in SECURITY_HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass
