"""A browser is known by what only we can have given it."""

from backend.auth.known_browsers import ACCOUNTS_KEPT, KnownBrowsers

OURS = KnownBrowsers("s" * 32)
DANA, EVE = "dana@example.org", "eve@example.org"


class TestBrowser:
    def test_is_known_for_those_who_signed_in_there_alone(self) -> None:
        kept = OURS.remember("", DANA)
        assert OURS.known(kept, DANA)
        assert OURS.known(kept, EVE) is None
        both = OURS.remember(kept, EVE)
        assert OURS.known(both, DANA) == OURS.known(both, EVE) == OURS.known(kept, DANA)

    def test_is_another_one_each_time(self) -> None:
        assert OURS.known(OURS.remember("", DANA), DANA) != OURS.known(OURS.remember("", DANA), DANA)

    def test_keeps_the_latest_accounts(self) -> None:
        kept = ""
        people = [f"p{n}@example.org" for n in range(ACCOUNTS_KEPT + 3)]
        for person in [*people, people[-1]]:
            kept = OURS.remember(kept, person)
        assert [person for person in people if OURS.known(kept, person)] == people[-ACCOUNTS_KEPT:]

    def test_is_known_after_the_secret_was_changed(self) -> None:
        kept = OURS.remember("", DANA)
        changed = KnownBrowsers("t" * 32, "s" * 32)
        assert changed.known(kept, DANA)
        assert KnownBrowsers("t" * 32).known(changed.remember(kept, DANA), DANA)

    def test_cannot_be_made_up(self) -> None:
        kept = OURS.remember("", DANA)
        name, seal = kept.split(".")
        other = OURS.remember("", EVE).split(".")[1]
        strange = KnownBrowsers("t" * 32).remember("", DANA)
        for forged in (
            "",
            name,
            f"{name}.{other}",
            f"{'A' * 22}.{seal}",
            f"{name}.{seal}x",
            f"{kept}.{'x' * 9000}",
            strange,
            "é" * 45,
        ):
            assert OURS.known(forged, DANA) is None
            assert OURS.known(OURS.remember(forged, DANA), DANA)
