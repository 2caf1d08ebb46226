"""What routes depend on: created once by the bootstrap and read from the application's state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from backend.api.http.principal_cache import PrincipalCache
from backend.api.http.rate_limits import RateLimits
from backend.api.live.sockets import Sockets
from backend.auth.credential_vault import Vault
from backend.auth.known_browsers import KnownBrowsers
from backend.auth.tokens import AccessTokens
from backend.core.sessions.audit_chain import AuditVerifier
from backend.db import Database
from backend.domain.policy import Policy
from backend.messaging.queue.contract import Queue
from backend.messaging.stream.contract import Stream
from backend.observability.metrics import Measures
from backend.settings.schema import Settings
from backend.tools.registry import Registry
from channels.oauth import OAuthProvider
from channels.webhooks import WebhookHandler


@dataclass(frozen=True, slots=True)
class Context:
    settings: Settings
    db: Database
    stream: Stream
    queue: Queue
    registry: Registry
    policy: Policy
    tokens: AccessTokens
    browsers: KnownBrowsers
    principal_cache: PrincipalCache
    rate_limits: RateLimits
    sockets: Sockets
    set_up: frozenset[str]  # the configured channels
    hooks: Mapping[str, WebhookHandler]  # the handlers of providers' webhooks, by channel
    providers: Mapping[str, OAuthProvider]  # the OAuth providers, by name
    vault: Vault
    metrics: Measures
    records: AuditVerifier
    setup_code: str | None  # required for the first account if other machines can reach this one


def context_of(connection: HTTPConnection) -> Context:
    context: Context = connection.app.state.context
    return context


async def _context_of_request(
    connection: HTTPConnection,
) -> Context:  # async, because FastAPI runs plain functions in a thread
    return context_of(connection)


AppContext = Annotated[Context, Depends(_context_of_request)]
