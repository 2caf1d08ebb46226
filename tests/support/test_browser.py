"""The browser of the tests belongs to the checkout: nothing of it lies where another user of the machine has files."""

from pathlib import Path

import pytest

from tests.support.browser import unpack


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Where the web app's packages are installed, with nothing unpacked yet."""
    return tmp_path


def test_leaves_the_temporary_folder_alone(packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = tmp_path / "as another user left it"
    other.mkdir()
    (other / "chromium").write_text("not ours")
    (other / "assent-chromium.lock").mkdir()
    monkeypatch.setenv("TMPDIR", str(other))
    path, libraries = unpack(packages)
    assert packages in Path(path).parents
    assert all(packages in Path(each).parents for each in libraries.split(":") if each)
    assert {each.name for each in other.iterdir()} == {"chromium", "assent-chromium.lock"}


def test_begins_again_where_unpacking_was_cut_off(packages: Path) -> None:
    half = packages / ".chromium/files/chromium"
    half.parent.mkdir(parents=True)
    half.write_text("the first half of a browser")
    path, _ = unpack(packages)
    assert Path(path).stat().st_size > 1_000_000
