"""Every setting, read once from the environment and `.env`; an invalid one stops the start with an error that names it."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import limits
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from backend import failpoints
from backend.settings.environment import ENV_FILE, PREFIX, environment_errors
from backend.settings.secret_keys import parse_secrets

Provider = Literal["demo", "openai", "azure", "anthropic", "ollama", "openrouter", "openai-generic"]
Names = Annotated[tuple[str, ...], NoDecode]
_HOST = re.compile(r"([\w.-]+|[\da-fA-F.]*:[\da-fA-F.]*:[\da-fA-F:.]*)(/\d{1,3})?", re.ASCII)
LOOPBACK = ("localhost", "127.0.0.0/8", "::1")
SQLITE, POSTGRES = "sqlite:///", ("postgres", "postgresql")
_ADDRESSES = ("slack_api_url", "slack_authorize_url", "google_auth_url", "google_token_url", "google_certs_url", "gmail_api_url")


class SettingsError(Exception):
    """One or more settings are invalid; the message names each and says what to write."""


def _provider_key(*names: str) -> Any:
    return Field(default=None, validation_alias=AliasChoices(*names))


def _provider_url(name: str, url: str) -> Any:
    return Field(default=url, validation_alias=AliasChoices(name))


class Settings(BaseSettings):
    """The product's settings. Environment variables have the prefix ASSENT_, except those of providers."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, extra="ignore", frozen=True, env_ignore_empty=True, populate_by_name=True
    )

    data_dir: Path = Path("./data")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: str = ""
    database_url: SecretStr = SecretStr("")
    redis_url: SecretStr | None = None
    secret_key: SecretStr | None = None
    allowed_origins: Names = ()
    allowed_hosts: Names = ()
    trusted_proxies: Names = ()
    registration: Literal["first", "open", "closed"] = "first"
    registration_rate: str = "10/hour"
    rate_limit: str = "30/minute"
    retention_days: int = Field(default=0, ge=0, le=36500)
    max_query_length: int = Field(default=4000, ge=1, le=30_000)
    approvals: str = ""
    channel_risk: str = ""
    run_max_steps: int = Field(default=25, ge=1)
    run_max_tokens: int = Field(default=200_000, ge=1)
    run_max_seconds: int = Field(default=600, ge=1)
    failpoint: str = ""
    log_format: Literal["auto", "json", "text"] = "auto"
    llm: Provider = "demo"
    llm_base_url: str = ""
    llm_model: str = ""
    llm_api_key: SecretStr | None = None
    openai_api_key: SecretStr | None = _provider_key("OPENAI_API_KEY")
    anthropic_api_key: SecretStr | None = _provider_key("ANTHROPIC_API_KEY")
    openrouter_api_key: SecretStr | None = _provider_key("OPENROUTER_API_KEY")
    azure_openai_api_key: SecretStr | None = _provider_key("AZURE_OPENAI_API_KEY")
    azure_openai_endpoint: str | None = _provider_key("AZURE_OPENAI_ENDPOINT")
    azure_openai_deployment: str | None = _provider_key("AZURE_OPENAI_DEPLOYMENT")
    azure_openai_model: str | None = _provider_key("AZURE_OPENAI_MODEL")
    azure_openai_api_version: str | None = _provider_key("AZURE_OPENAI_API_VERSION")

    slack_bot_token: SecretStr | None = _provider_key("SLACK_BOT_TOKEN")
    slack_app_token: SecretStr | None = _provider_key("SLACK_APP_TOKEN")
    slack_signing_secret: SecretStr | None = _provider_key("SLACK_SIGNING_SECRET")
    slack_client_id: str | None = _provider_key("SLACK_CLIENT_ID")
    slack_client_secret: SecretStr | None = _provider_key("SLACK_CLIENT_SECRET")
    slack_api_url: str = _provider_url("SLACK_API_URL", "https://slack.com/api")
    slack_authorize_url: str = _provider_url("SLACK_AUTHORIZE_URL", "https://slack.com/oauth/v2/authorize")

    google_client_id: str | None = _provider_key("GOOGLE_CLIENT_ID")
    google_client_secret: SecretStr | None = _provider_key("GOOGLE_CLIENT_SECRET")
    google_auth_url: str = _provider_url("GOOGLE_AUTH_URL", "https://accounts.google.com/o/oauth2/v2/auth")
    google_token_url: str = _provider_url("GOOGLE_TOKEN_URL", "https://oauth2.googleapis.com/token")
    google_certs_url: str = _provider_url("GOOGLE_CERTS_URL", "https://www.googleapis.com/oauth2/v1/certs")
    gmail_api_url: str = _provider_url("GMAIL_API_URL", "https://gmail.googleapis.com")
    gmail_authserv_id: str = Field(default="mx.google.com", min_length=1, validation_alias=AliasChoices("GMAIL_AUTHSERV_ID"))
    gmail_poll_seconds: float = Field(default=30, ge=1, le=3600, validation_alias=AliasChoices("GMAIL_POLL_SECONDS"))
    gmail_pubsub_topic: str | None = _provider_key("GMAIL_PUBSUB_TOPIC")
    gmail_push_account: str | None = _provider_key("GMAIL_PUSH_ACCOUNT")

    @field_validator("allowed_origins", "allowed_hosts", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("rate_limit", "registration_rate")
    @classmethod
    def _check_rate(cls, value: str) -> str:
        try:
            limits.parse(value)
        except ValueError:
            raise ValueError("write it as COUNT/PERIOD, for example 30/minute") from None
        return value

    @field_validator("secret_key")
    @classmethod
    def _check_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            parse_secrets(value.get_secret_value())
        return value

    @field_validator("public_url", "llm_base_url", *_ADDRESSES)
    @classmethod
    def _check_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.netloc):
            raise ValueError("write a full URL, such as https://assent.example.com")
        return value.rstrip("/")

    @field_validator("allowed_origins")
    @classmethod
    def _check_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/"):
                raise ValueError(f"{origin!r} is not an origin; write scheme, host and port, such as https://assent.example.com")
        return tuple(origin.rstrip("/") for origin in value)

    @field_validator("trusted_proxies")
    @classmethod
    def _check_proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            try:
                ip_address(address)
            except ValueError:
                raise ValueError(f"{address!r} is not an IP address") from None
        return value

    @field_validator("allowed_hosts")
    @classmethod
    def _check_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for host in value:
            if not _HOST.fullmatch(host):
                raise ValueError(
                    f"{host!r} is not a host name, an IP address or a network; write, for example, assent.internal or 10.0.0.0/8"
                )
        return tuple(host.lower() for host in value)

    @field_validator("database_url")
    @classmethod
    def _check_database(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if not url or (url.startswith(SQLITE) and not url.endswith(":memory:")):
            return value
        if url.startswith(SQLITE):
            raise ValueError("an in-memory database would lose every answer; name a file")
        try:
            parts = urlsplit(url)
            usable = parts.scheme in POSTGRES and len(parts.path) > 1 and (parts.port is None or parts.port > 0)
        except ValueError:
            usable = False
        if not usable:
            raise ValueError("write sqlite:///path/to/file.db or postgresql://user:password@host:5432/database")
        return value

    @field_validator("redis_url")
    @classmethod
    def _check_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        from redis.connection import parse_url  # imported only when Redis is used

        try:
            known: dict[str, object] = parse_url(value.get_secret_value())  # type: ignore[no-untyped-call]
        except ValueError:
            known = {}
        if not ("host" in known or "path" in known):
            raise ValueError("write redis://host:6379/0, rediss://:password@host:6379/0 or unix:///path/to/redis.sock?db=0")
        return value

    @field_validator("failpoint")
    @classmethod
    def _check_failpoint(cls, value: str) -> str:
        if value and (":" not in value or value.rpartition(":")[2] not in failpoints.ACTIONS):
            raise ValueError("write it as name:kill, name:raise, name:sleep or name:stop")
        return value

    @model_validator(mode="after")
    def _check_slack(self) -> "Settings":
        problems = []
        if not self.has_slack:
            return self
        if not self.slack_bot_token and not self.slack_client_id:
            problems.append("SLACK_BOT_TOKEN: set it (xoxb-...), or SLACK_CLIENT_ID and SLACK_CLIENT_SECRET for many workspaces")
        if bool(self.slack_client_id) != bool(self.slack_client_secret):
            problems.append("SLACK_CLIENT_ID, SLACK_CLIENT_SECRET: set both (the app's Basic Information)")
        if not self.slack_signing_secret and not self.slack_app_token:
            problems.append("SLACK_SIGNING_SECRET: set it (Basic Information), or SLACK_APP_TOKEN (xapp-...) for Socket Mode")
        for name, token, start in (
            ("SLACK_BOT_TOKEN", self.slack_bot_token, "xoxb-"),
            ("SLACK_APP_TOKEN", self.slack_app_token, "xapp-"),
        ):
            if token and not token.get_secret_value().startswith(start):
                problems.append(f"{name}: this is a different kind of token; use the one that starts with {start}")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @model_validator(mode="after")
    def _check_google(self) -> "Settings":
        problems = []
        if bool(self.google_client_id) != bool(self.google_client_secret):
            problems.append("GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET: set both (Google Cloud, APIs & Services, Credentials)")
        if bool(self.gmail_pubsub_topic) != bool(self.gmail_push_account):
            problems.append(
                "GMAIL_PUBSUB_TOPIC, GMAIL_PUSH_ACCOUNT: set both for push notifications, or neither to poll the mailboxes"
            )
        if self.gmail_pubsub_topic and not re.fullmatch(r"projects/[^/]+/topics/[^/]+", self.gmail_pubsub_topic):
            problems.append("GMAIL_PUBSUB_TOPIC: write projects/PROJECT/topics/TOPIC")
        if self.gmail_push_account and not self.google_client_id:
            problems.append("GMAIL_PUSH_ACCOUNT: set GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET too")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def database(self) -> Path | str:
        """The path of a SQLite file, or the URL of a PostgreSQL database, which may contain a password."""
        url = self.database_url.get_secret_value()
        if not url:
            return self.data_dir / "assent.db"
        return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else "postgresql" + url[url.index(":") :]

    @property
    def database_name(self) -> str:
        """The database for display, without password and parameters."""
        if isinstance(self.database, Path):
            return str(self.database)
        parts = urlsplit(self.database)
        return f"postgresql://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def redis_name(self) -> str:
        """Redis for display, without password and parameters."""
        parts = urlsplit(self.redis_url.get_secret_value() if self.redis_url else "")
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"

    @property
    def has_slack(self) -> bool:
        """Whether any Slack setting is present."""
        tokens = (self.slack_bot_token, self.slack_app_token, self.slack_signing_secret)
        return any((*tokens, self.slack_client_id, self.slack_client_secret))

    @property
    def has_email(self) -> bool:
        """Whether Gmail is configured; mailboxes are connected in the web app."""
        return self.google_client_id is not None

    @property
    def many_workspaces(self) -> bool:
        """Whether each Slack workspace installs the app itself, instead of one workspace whose token is set."""
        return self.slack_client_id is not None and self.slack_bot_token is None

    @property
    def url(self) -> str:
        """The URL at which people reach this installation, without a trailing slash."""
        host = {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}.get(self.host, self.host)
        return self.public_url or f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """The host names, addresses and networks that requests may name, on any port."""
        own = [urlsplit(address).hostname or "" for address in (self.url, *self.allowed_origins)]
        return tuple(dict.fromkeys([*LOOPBACK, *own, *self.allowed_hosts]))

    @property
    def origins(self) -> frozenset[str]:
        """The exact origins that browsers may send. On a laptop both spellings of loopback are allowed."""
        if self.allowed_origins:
            return frozenset(self.allowed_origins)
        parts = urlsplit(self.url)
        own = f"{parts.scheme}://{parts.netloc}"
        if self.public_url or parts.hostname not in ("127.0.0.1", "localhost", "::1"):
            return frozenset({own})
        return frozenset({own} | {f"http://{name}:{self.port}" for name in ("127.0.0.1", "localhost")})


def load_settings(**overrides: Any) -> Settings:
    """Read the environment. Raises SettingsError with one line for each invalid setting."""
    problems = environment_errors(map(variable_of, Settings.model_fields))
    if problems:
        raise SettingsError("\n".join(problems))
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(item) for item in error.errors())) from None


def _explain(item: Any) -> str:
    name = str(item["loc"][0]) if item["loc"] else ""
    variable = variable_of(name) if name in Settings.model_fields else name
    message = item["msg"].removeprefix("Value error, ")
    return f"{variable}: {message}" if variable else message


def variable_of(name: str) -> str:
    """The environment variable that a field of Settings is read from."""
    alias = Settings.model_fields[name].validation_alias
    return str(alias.choices[0]) if isinstance(alias, AliasChoices) else PREFIX + name.upper()
