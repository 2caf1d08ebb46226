"""Map every failure of a Google call to one of the three channel errors."""

import json
import math
from typing import Any

import httpx
from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError
from googleapiclient.errors import HttpError

from channels.errors import ChannelError, Disconnected, Rejected, Retryable

DAY_LIMIT_S = 3600.0
# https://developers.google.com/workspace/gmail/api/guides/handle-errors
RATE_LIMITED = {"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"}
MISSING_SCOPE = {"insufficientPermissions", "insufficientScopes", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}
ACCESS_LOST = {"authError", "failedPrecondition", "domainPolicy", "delegationDenied", "UNAUTHENTICATED"}
RECONNECT = "Connect the agent's mailbox again: "


def channel_error_of(error: Exception, writes: bool) -> ChannelError:
    """`writes`: the call may have taken effect although it failed."""
    match error:
        case HttpError():
            return _from_response(error, writes)
        case RefreshError():
            return _from_refresh(error)
        case TransportError() | httpx.ConnectError() | httpx.ConnectTimeout() | httpx.PoolTimeout():
            return Retryable("Google cannot be reached.", type(error).__name__)
        case GoogleAuthError():
            return Retryable("Google's sign-in sent a response that cannot be read.", type(error).__name__)
        case httpx.HTTPError() | OSError():
            return Retryable("Google did not answer.", type(error).__name__, unknown=writes)
        case _:
            return Retryable("Google sent a response that cannot be read.", "not_json", unknown=writes)


def _from_response(error: HttpError, writes: bool) -> ChannelError:
    status, (reason, message) = int(error.status_code), _reason(error)
    code = reason or str(status)
    if reason == "dailyLimitExceeded":
        return Retryable("The mailbox has reached Google's sending limit for today.", code, after=DAY_LIMIT_S)
    if status == 429 or reason in RATE_LIMITED:
        return Retryable("Google asks us to slow down.", code, after=retry_after(error.resp.get("retry-after")))
    if status >= 500:
        return Retryable(f"Google has an internal problem ({code}).", code, unknown=writes)
    if reason in MISSING_SCOPE:
        return Disconnected(f"{RECONNECT}Google did not grant permission to read and send mail.", code)
    if status == 401 or reason in ACCESS_LOST:
        return Disconnected(f"{RECONNECT}Google denied access ({code}).", code)
    if status == 404 or "thread" in message.lower():
        return Rejected("Google no longer knows this mail or conversation.", "not_found")
    return Rejected(f"Google refused the mail: {code}.", code)


def _reason(error: HttpError) -> tuple[str, str]:
    """Google's error reason and message; empty if the body is not Google's."""
    try:
        message = json.loads(error.content)["error"]
        first: Any = next(iter(message.get("errors") or ()), {})
        return str(first.get("reason") or message.get("status") or ""), str(message.get("message") or "")
    except (AttributeError, KeyError, TypeError, ValueError):
        return "", ""


def _from_refresh(error: RefreshError) -> ChannelError:
    """The error of a failed token refresh."""
    message: Any = error.args[1] if len(error.args) > 1 else None
    code = message.get("error") if isinstance(message, dict) else None
    if code == "invalid_grant":
        return Disconnected(f"{RECONNECT}the permission was withdrawn or has expired.", "invalid_grant")
    if isinstance(code, str) and code.startswith(("invalid_", "unauthorized_")):
        return Rejected(f"Google rejects this server ({code}): check GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET.", code)
    return Retryable("Google's sign-in has an internal problem.", str(code or "token"))


def retry_after(message: str | None) -> float | None:
    """Parse Retry-After in seconds; None if it is missing or invalid."""
    try:
        seconds = float(message or "")
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
