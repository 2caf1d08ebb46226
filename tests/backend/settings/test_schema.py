"""Settings: what is understood, and that a wrong one names itself without giving a secret away."""

import re
from pathlib import Path
from typing import Any

import pytest

from backend.settings.schema import Settings, SettingsError, load_settings, variable_of
from tests.support.server import ROOT


class TestExample:
    def test_lists_every_setting_but_the_tests_own_and_no_other(self) -> None:
        listed = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
        assert listed == {variable_of(name) for name in Settings.model_fields} - {"ASSENT_FAILPOINT"}


class TestDatabaseUrl:
    def test_unset_is_a_file_in_the_data_dir(self) -> None:
        assert load_settings(data_dir=Path("here")).database == Path("here/assent.db")

    def test_names_a_file(self) -> None:
        assert load_settings(database_url="sqlite:////somewhere/else.db").database == Path("/somewhere/else.db")

    @pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
    def test_names_a_server_and_is_shown_without_its_password_and_parameters(self, scheme: str) -> None:
        settings = load_settings(
            database_url=f"{scheme}://assent:s3cret@db.example.com:5432/asks?sslmode=require&password=s3cret"
        )
        assert settings.database == "postgresql://assent:s3cret@db.example.com:5432/asks?sslmode=require&password=s3cret"
        assert settings.database_name == "postgresql://db.example.com:5432/asks"
        assert "s3cret" not in repr(settings)

    @pytest.mark.parametrize(
        "url",
        [
            "mysql://u:s3cret@host/db",
            "postgresql://u:s3cret@host",
            "postgresql://u:s3cret@host:port/db",
            "postgresql+asyncpg://u:s3cret@host/db",
            "sqlite:///:memory:",
            "s3cret",
        ],
    )
    def test_that_cannot_be_used_names_itself_and_gives_nothing_away(self, url: str) -> None:
        with pytest.raises(SettingsError, match="ASSENT_DATABASE_URL: ") as caught:
            load_settings(database_url=url)
        assert "s3cret" not in str(caught.value)


SLACK = {"slack_bot_token": "xoxb-s3cret", "slack_signing_secret": "s3cret"}


class TestSlack:
    def test_is_off_unless_something_of_it_is_set(self) -> None:
        assert not load_settings().has_slack
        assert load_settings(**SLACK).has_slack

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"slack_bot_token": None}, "SLACK_BOT_TOKEN: "),
            ({"slack_signing_secret": None}, "SLACK_SIGNING_SECRET: "),
            ({"slack_client_id": "1.2"}, "SLACK_CLIENT_ID, SLACK_CLIENT_SECRET: "),
            ({"slack_bot_token": "xoxp-s3cret"}, "SLACK_BOT_TOKEN: this is a different kind"),
            ({"slack_app_token": "xoxb-s3cret"}, "SLACK_APP_TOKEN: this is a different kind"),
            ({"slack_api_url": "slack.com"}, "SLACK_API_URL: "),
        ],
    )
    def test_names_what_is_missing_and_gives_nothing_away(self, changes: dict[str, str | None], named: str) -> None:
        with pytest.raises(SettingsError, match=named) as caught:
            load_settings(**{**SLACK, **changes})
        assert "s3cret" not in str(caught.value)


GOOGLE = {"google_client_id": "1.apps.googleusercontent.com", "google_client_secret": "s3cret"}
PUSH = {"gmail_pubsub_topic": "projects/p/topics/t", "gmail_push_account": "push@p.iam.gserviceaccount.com"}


class TestGmail:
    def test_is_off_unless_there_is_a_client(self) -> None:
        assert not load_settings().has_email
        assert load_settings(**GOOGLE).has_email and load_settings(**GOOGLE, **PUSH).has_email

    @pytest.mark.parametrize(
        ("changes", "named"),
        [
            ({"google_client_secret": None}, "GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET: "),
            ({"gmail_push_account": None}, "GMAIL_PUBSUB_TOPIC, GMAIL_PUSH_ACCOUNT: "),
            ({"gmail_pubsub_topic": "t"}, "GMAIL_PUBSUB_TOPIC: write projects/"),
            ({"google_client_id": None, "google_client_secret": None}, "GMAIL_PUSH_ACCOUNT: set GOOGLE_CLIENT_ID"),
            ({"gmail_poll_seconds": 0}, "GMAIL_POLL_SECONDS: "),
            ({"gmail_api_url": "gmail"}, "GMAIL_API_URL: "),
        ],
    )
    def test_names_what_is_missing_and_gives_nothing_away(self, changes: dict[str, Any], named: str) -> None:
        with pytest.raises(SettingsError, match=named) as caught:
            load_settings(**{**GOOGLE, **PUSH, **changes})
        assert "s3cret" not in str(caught.value)


class TestHosts:
    def test_are_this_machine_the_public_url_s_the_origins_and_what_is_allowed(self) -> None:
        loopback = ("localhost", "127.0.0.0/8", "::1")
        assert load_settings(host="192.0.2.7").hosts == (*loopback, "192.0.2.7")
        settings = load_settings(
            public_url="https://Assent.example.com:444/x",
            allowed_origins="https://a.example",
            allowed_hosts="B.internal, fd00::/8",
        )
        assert settings.hosts == (*loopback, "assent.example.com", "a.example", "b.internal", "fd00::/8")

    @pytest.mark.parametrize("host", ["https://a.example", "a.example:8000", "*", "a/b", "a b", "10.0.0.0/8000", "[::1]", "é"])
    def test_that_are_none_are_named(self, host: str) -> None:
        with pytest.raises(SettingsError, match=r"ASSENT_ALLOWED_HOSTS: .*is not a host name"):
            load_settings(allowed_hosts=host)
