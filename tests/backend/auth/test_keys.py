"""The installation's secrets: made once, refused where they are none, and changed without signing anybody out."""

from pathlib import Path
from typing import Any

import pytest

from backend.auth.credential_vault import UnsealError, Vault
from backend.auth.keys import FILE, key_id, load_secrets, rotate_secret
from backend.auth.tokens import AccessTokens
from backend.errors import Unauthorized
from backend.settings.schema import Settings, SettingsError, load_settings
from channels.email.reply_tags import ReplyTags

OLD, NEW = "the old secret of this installation: 0123456789", "the new secret of this installation: 9876543210"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path)


class TestFile:
    def test_is_made_once_and_private(self, settings: Settings, tmp_path: Path) -> None:
        made = load_secrets(settings)
        assert load_secrets(settings) == made and len(made) == 1
        assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("text", ["", "\n", "short", "a" * 64])
    def test_without_a_secret_is_refused_and_left_as_it_is(self, settings: Settings, tmp_path: Path, text: str) -> None:
        (tmp_path / FILE).write_text(text)
        with pytest.raises(SettingsError, match=r"secret\.key cannot be used .* restore it from a backup, or remove it"):
            load_secrets(settings)
        assert (tmp_path / FILE).read_text() == text

    def test_of_an_earlier_version_still_counts(self, settings: Settings, tmp_path: Path) -> None:
        (tmp_path / FILE).write_text(OLD)
        assert load_secrets(settings) == (OLD,)

    def test_gets_a_new_secret_before_the_others(self, settings: Settings, tmp_path: Path) -> None:
        before = load_secrets(settings)
        name = rotate_secret(settings)
        fresh, *older = load_secrets(settings)
        assert tuple(older) == before and key_id(fresh) == name != key_id(before[0])
        assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
        assert [path.name for path in tmp_path.iterdir()] == [FILE]


class TestSetting:
    @pytest.mark.parametrize(
        ("text", "secrets"),
        [
            (OLD, (OLD,)),
            (f"{NEW},{OLD}", (NEW, OLD)),
            (f"{NEW}\n{OLD}\n", (NEW, OLD)),
            ("one secret that has, as some have, a comma in it", ("one secret that has, as some have, a comma in it",)),
        ],
    )
    def test_holds_one_or_several(self, text: str, secrets: tuple[str, ...]) -> None:
        assert load_secrets(load_settings(secret_key=text)) == secrets

    @pytest.mark.parametrize("text", ["short", f"{OLD}\nshort", "a" * 64])
    def test_holds_none_that_is_too_short(self, text: str) -> None:
        with pytest.raises(SettingsError, match="ASSENT_SECRET_KEY: use 32 or more"):
            load_settings(secret_key=text)

    def test_is_changed_where_it_is_set(self) -> None:
        with pytest.raises(SettingsError, match=r"add the new secret there, before the old one \(NEW,OLD\)"):
            rotate_secret(load_settings(secret_key=OLD))


class TestRotation:
    def test_leaves_everybody_signed_in(self) -> None:
        before, after = AccessTokens(OLD), AccessTokens(NEW, OLD)
        access, refresh = before.issue_access("usr_1", "sgn_1"), before.issue_refresh("sgn_1", 3)
        assert after.read_access(access).person_id == "usr_1"
        assert after.read_refresh(refresh).generation == 3
        assert AccessTokens(NEW).read_access(after.issue_access("usr_1", "sgn_1")).sign_in_id == "sgn_1"
        assert AccessTokens(NEW).read_refresh(after.issue_refresh("sgn_1", 4)).generation == 4

    def test_ends_what_a_secret_that_was_taken_away_made(self) -> None:
        for read, made in (
            (AccessTokens(NEW).read_access, AccessTokens(OLD).issue_access("usr_1", "sgn_1")),
            (AccessTokens(NEW).read_refresh, AccessTokens(OLD).issue_refresh("sgn_1", 1)),
        ):
            with pytest.raises(Unauthorized):
                read(made)

    def test_still_opens_what_was_sealed(self) -> None:
        sealed = Vault(OLD).seal("xoxb")
        assert Vault(NEW, OLD).open(sealed) == "xoxb"
        assert Vault(NEW).open(Vault(NEW, OLD).seal("xoxb")) == "xoxb"
        with pytest.raises(UnsealError):
            Vault(NEW).open(sealed)

    def test_still_reads_the_tags_of_mails_that_are_out(self) -> None:
        tag = ReplyTags(b"old").make("req_1", "dana@example.org")
        assert ReplyTags(b"new", b"old").read(tag, "dana@example.org") == "req_1"
        assert ReplyTags(b"new").read(ReplyTags(b"new", b"old").make("req_1", "dana@example.org"), "dana@example.org") == "req_1"


class TestName:
    @pytest.mark.parametrize("kid", ["", "00000000", "../../../dev/null", 7, None, ["x"]])
    def test_of_no_key_of_ours_is_refused(self, kid: Any) -> None:
        from jose import jwt

        claims = jwt.get_unverified_claims(AccessTokens(OLD).issue_access("usr_1", "sgn_1"))
        token = jwt.encode(claims, OLD, algorithm="HS256", headers={"kid": kid})
        with pytest.raises(Unauthorized):
            AccessTokens(OLD).read_access(token)

    def test_gives_nothing_of_the_secret_away(self) -> None:
        assert key_id(OLD) not in OLD and len(key_id(OLD)) == 8
