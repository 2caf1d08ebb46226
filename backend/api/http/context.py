"""What every route may reach: handed over once by the bootstrap, read from the application's state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from backend.api.http.principal_cache import PrincipalCache
from backend.api.http.rate_limits import RateLimits
from backend.api.live.sockets import Sockets
from backend.auth.credential_vault import Vault
from backend.auth.known_browsers import Browsers
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
    browsers: Browsers
    sign_ins: PrincipalCache
    budgets: RateLimits
    sockets: Sockets
    set_up: frozenset[str]  # the channels this server has
    hooks: Mapping[str, WebhookHandler]  # what takes in a provider's callbacks, by channel
    providers: Mapping[str, OAuthProvider]  # where accounts are proven by signing in, by name
    vault: Vault
    measures: Measures
    records: AuditVerifier
    setup_code: str | None  # what the first account needs, where other machines reach this one


def context_of(connection: HTTPConnection) -> Context:
    context: Context = connection.app.state.context
    return context


async def _reach(connection: HTTPConnection) -> Context:  # async, because a plain function would cost each request a thread
    return context_of(connection)


Reach = Annotated[Context, Depends(_reach)]
