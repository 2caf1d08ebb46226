"""Attacks on what one may reach: other people's things, fields one does not own, files, queries."""

from typing import Any

from tests.backend.api.attacks import dana, eve, knock, nobody, row, wire
from tests.support.example_requests import asking
from tests.support.person import PASSWORD

THEIRS: list[tuple[str, str, Any]] = [
    ("GET", "/api/sessions/{session}", None),
    ("GET", "/api/session/{session}", None),
    ("GET", "/api/sessions/{session}/messages", None),
    ("GET", "/api/sessions/{session}/events", None),
    ("GET", "/api/sessions/{session}/audit", None),
    ("PATCH", "/api/sessions/{session}", {"title": "mine"}),
    ("DELETE", "/api/sessions/{session}", None),
    ("POST", "/api/chat/cancel/{session}", None),
    ("GET", "/api/runs/{run}", None),
    ("POST", "/api/runs/{run}/cancel", None),
    ("GET", "/api/feedback/{request}", None),
    ("POST", "/api/feedback/{request}/answer", {"action": "approve"}),
    ("POST", "/api/feedback/{request}/cancel", None),
    ("POST", "/api/approvals/{request}", {"approved": True}),
    ("GET", "/api/tasks/{run}", None),
    ("GET", "/api/crew/status/{run}", None),
]
ASK_WITH = ("status", "state", "owner_id", "answered_by", "run_id", "digest", "dead_letter", "version", "requested_by")
DIGESTED = {"tool": "x", "args": {}, "digest": "0" * 64}
WORDS = {
    "quote": "' OR 1=1 --",
    "union": "x') UNION SELECT password_hash FROM people --",
    "NUL": "\x00",
    "percent": "%",
    "long": "x" * 5000,
}
PATHS = {
    "up": "/api/sessions/..%2f..%2fetc%2fpasswd",
    "NUL": "/api/sessions/%00",
    "half a character": "/api/sessions/%ff%fe",
    "assets": "/assets/..%2f..%2f..%2fpyproject.toml",
    "assets, doubly": "/assets/%252e%252e/%252e%252e/pyproject.toml",
    "assets, backslash": "/assets/..%5c..%5cindex.html",
    "long": "/api/sessions/" + "x" * 8000,
}
UPGRADE = (
    b"GET /api/ws/me HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
BEARER = {"Authorization": "Bearer {token}"}
EVES = {"Authorization": "Bearer {eve}"}

ROWS = [
    *(row("A19", f"{method} {path}", 404, eve(method, path, json=body)) for method, path, body in THEIRS),
    row("A20", "another's session as filter", 200, eve("GET", "/api/feedback?session_id={session}")),
    row("A20", "another's session as words", 200, eve("GET", "/api/sessions?q={session}")),
    row("A20", "another person as filter", 200, eve("GET", "/api/sessions?person_id=usr_1")),
    row("A21", "another's session", 404, knock("/api/ws/session/{session}", **EVES)),
    row("A21", "a guessed session", 404, knock("/api/ws/session/ses_" + "0" * 26, **EVES)),
    row("A21", "no such socket", {403, 404}, knock("/api/ws/all", **EVES)),
    *(
        row(
            "A22",
            f"register with {name}",
            422,
            nobody("POST", "/api/auth/register", json={"email": "x@example.org", "password": PASSWORD, name: "admin"}),
        )
        for name in ("role", "id", "user_id", "created_at", "disabled_at")
    ),
    *(
        row("A22", f"ask with {name}", 422, dana("POST", "/api/feedback", json=asking("confirmation", **{name: "x"})))
        for name in ASK_WITH
    ),
    row(
        "A22", "ask with a digest of one's own", 422, dana("POST", "/api/feedback", json=asking("confirmation", action=DIGESTED))
    ),
    *(
        row(
            "A22",
            f"answer with {name}",
            422,
            dana("POST", "/api/feedback/{request}/answer", json={"action": "approve", name: "usr_1"}),
        )
        for name in ("by", "via", "at", "decided_by", "person_id", "status")
    ),
    row("A22", "rename with owner", 422, dana("PATCH", "/api/sessions/{session}", json={"title": "x", "person_id": "usr_1"})),
    *(
        row("A75", f"search {name}", {200, 422}, dana("GET", "/api/sessions", params={"q": words}))
        for name, words in WORDS.items()
    ),
    row("A75", "status", 422, dana("GET", "/api/sessions", params={"status": "active' OR '1'='1"})),
    row("A75", "cursor", 422, dana("GET", "/api/sessions", params={"cursor": "1;DROP TABLE people"})),
    row("A75", "cursor with a quote", 200, dana("GET", "/api/sessions", params={"cursor": "9-' OR 1=1"})),
    row("A75", "events after", 422, dana("GET", "/api/sessions/{session}/events?after=0%20OR%201=1")),
    row("A75", "events after the end of numbers", 422, dana("GET", "/api/sessions/{session}/events?after=" + "9" * 40)),
    row("A75", "audit cursor", 422, dana("GET", "/api/sessions/{session}/audit?cursor=" + "9" * 5000)),
    row("A75", "socket after", 422, knock("/api/ws/session/{session}?after=1%20OR%201", **BEARER)),
    *(
        row("N3", f"{path} under another name", 421, nobody(method, path, headers={"Host": "rebound.example"}, json=body))
        for method, path, body in [
            ("GET", "/config.json", None),
            ("GET", "/healthz", None),
            ("GET", "/metrics", None),
            ("POST", "/api/auth/register", {"email": "first@example.org", "password": PASSWORD}),
        ]
    ),
    row("N3", "with a good token", 421, dana("GET", "/api/sessions", headers={"Host": "rebound.example"})),
    row("N3", "no name at all", {400, 421}, wire(b"GET /config.json HTTP/1.1\r\n\r\n")),
    row("N3", "no name in an old version", 421, wire(b"GET /config.json HTTP/1.0\r\n\r\n")),
    row("N3", "a socket under another name", 421, wire(UPGRADE.replace(b"localhost", b"rebound.example"))),
    row("N3", "a socket, to compare", 401, wire(UPGRADE)),
    *(row("A76", name, 404, dana("GET", path)) for name, path in PATHS.items()),
    row("A76", "up, on the wire", {200, 404, 503}, wire(b"GET /../../../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n")),
    *(
        row("A82", path, {200, 404}, nobody("GET", path))
        for path in ("/metrics", "/debug", "/api/debug", "/.env", "/data/secret.key", "/api/admin", "/redoc")
    ),
]
