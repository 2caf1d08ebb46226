"""Short folders: found also where the temporary folder is private, or lies deep."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.short_folders import LONGEST, short_folder


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of one user's own, not too deep."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="t") as name:
        monkeypatch.setattr(tempfile, "tempdir", name)
        yield Path(name)


def test_is_in_the_temporary_folder_where_that_will_do(temporary: Path) -> None:
    with short_folder("any") as folder:
        assert folder.parent == temporary
        assert mode(folder) == 0o700
    assert not folder.exists()


def test_is_elsewhere_where_others_could_not_walk_there(temporary: Path) -> None:
    assert mode(temporary) == 0o700
    with short_folder("any", open_to_others=True) as folder:
        assert temporary not in folder.parents
        assert mode(folder) == 0o755


def test_is_elsewhere_where_a_socket_would_not_fit(temporary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = temporary / ("d" * LONGEST)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with short_folder("any") as folder:
        assert temporary not in folder.parents
