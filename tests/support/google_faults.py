"""The faults of Google's API, as Google words them."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.emulated_google import Google
from tests.support.faulty_proxy import Fault, FaultyProxy, run_in_thread

_NAMES = (
    ("POST", "/messages/send$", "send"),
    ("GET", "/messages$", "list"),
    ("GET", "/messages/[^/]+$", "get"),
    ("GET", "/history$", "history"),
    ("GET", "/profile$", "profile"),
    ("POST", "/watch$", "watch"),
    ("POST", "/oauth2/token$", "token"),
)


class GoogleFaults(FaultyProxy):
    """A proxy before Google's API and token endpoint. Calls are named send, list, get, history, profile, watch, token."""

    def __init__(self, google: Google) -> None:
        super().__init__(google.url, _name_of)


def _name_of(method: str, path: str) -> str:
    found = (name for verb, pattern, name in _NAMES if verb == method and re.search(pattern, path))
    return next(found, f"{method} {path}")


@contextmanager
def google_faults(google: Google) -> Iterator[GoogleFaults]:
    """The proxy on a thread of its own; a server behind it gets `google.settings(faults.url)`."""
    with run_in_thread(faults := GoogleFaults(google)):
        yield faults


def refused(status: int, reason: str, message: str = "No.", **headers: str) -> Fault:
    """An error of the Gmail API: `reason` such as rateLimitExceeded, dailyLimitExceeded, insufficientPermissions, notFound."""
    error = {"code": status, "message": message, "errors": [{"domain": "usageLimits", "reason": reason, "message": message}]}
    return Fault(status, json.dumps({"error": error}), headers={name.replace("_", "-"): value for name, value in headers.items()})


def withdrawn() -> Fault:
    """What the token endpoint says once the consent is gone."""
    return Fault(400, json.dumps({"error": "invalid_grant", "error_description": "Token has been expired or revoked."}))
