"""What is sealed opens with this installation's secret alone."""

from collections.abc import Callable

import pytest

from backend.auth.credential_vault import UnsealError, Vault


class TestVault:
    def test_gives_back_what_it_sealed_and_shows_nothing_of_it(self) -> None:
        sealed = Vault("a" * 40).seal("xoxb-token")
        assert "xoxb" not in sealed and Vault("a" * 40).open(sealed) == "xoxb-token"

    def test_seals_the_same_differently_each_time(self) -> None:
        assert Vault("a" * 40).seal("x") != Vault("a" * 40).seal("x")

    @pytest.mark.parametrize("change", [lambda text: text[:-2] + "AA", lambda text: "", lambda text: text[:20]])
    def test_does_not_open_what_was_changed(self, change: Callable[[str], str]) -> None:
        with pytest.raises(UnsealError):
            Vault("a" * 40).open(change(Vault("a" * 40).seal("x")))

    def test_does_not_open_with_another_secret(self) -> None:
        with pytest.raises(UnsealError, match="ASSENT_SECRET_KEY"):
            Vault("b" * 40).open(Vault("a" * 40).seal("x"))
