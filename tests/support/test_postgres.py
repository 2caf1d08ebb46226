"""The PostgreSQL of the tests, where the checkout lies in a folder that only its owner may enter."""

import os
import shutil
from pathlib import Path

import pytest

from tests.support.postgres import LIBRARIES, PROGRAMS, SITE, Postgres
from tests.support.short_folders import short_folder

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")


@pytest.fixture
def private_site(tmp_path: Path) -> Path:
    """The wheel as installed in a private home, under a strict umask."""
    site = tmp_path / "home"
    for part in (PROGRAMS, LIBRARIES):
        shutil.copytree(SITE / part, site / part, symlinks=True)
    for path in (site, *site.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)
    return site


@needs_root
def test_starts_from_a_private_checkout_as_nobody(private_site: Path) -> None:
    with short_folder("pg", open_to_others=True) as folder:
        running = Postgres(folder, private_site).start()
        try:
            assert running.process is not None
            assert Path(f"/proc/{running.process.pid}").stat().st_uid not in (0, private_site.stat().st_uid)
            assert running.execute("SELECT 1") == [(1,)]
        finally:
            running.stop()
