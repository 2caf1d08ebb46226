"""Attacks on how a request is read: framing, kinds of content, numbers, characters, sizes."""

import json
from typing import Any

from tests.backend.api.attacks import CLOSED, JSON, ask_raw, dana, nobody, row, wire
from tests.support.example_requests import asking

LOGIN = b"POST /api/auth/token HTTP/1.1\r\nHost: localhost\r\n"
ENDLESS = b"POST /api/feedback HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"
BIG = 1024 * 1024 + 1


def chunks() -> Any:
    return (b"x" * 65536 for _ in range(20))


def nested(depth: int) -> Any:
    return json.loads('{"a":' * depth + "1" + "}" * depth)


def with_text(text: str) -> list[Any]:
    """A character that cannot be kept, in every text a client may send."""
    name = "NUL" if text == "\\u0000" else "half a pair"
    say = '{"query":"TEXT"}'.replace("TEXT", text)
    sign_up = '{"email":"q@example.org","password":"long enough","name":"TEXT"}'.replace("TEXT", text)
    change = '{"current_password":"TEXT","new_password":"long enough"}'.replace("TEXT", text)
    reason = '{"approved":false,"reason":"TEXT"}'.replace("TEXT", text)
    return [
        row("A80", f"{name} in a title", 422, ask_raw('{"type":"text","title":"TEXT"}'.replace("TEXT", text))),
        row("A80", f"{name} in a key", 422, ask_raw('{"type":"text","title":"?","context":{"TEXT":1}}'.replace("TEXT", text))),
        row("A80", f"{name} in a query", 400, dana("POST", "/api/chat/completion", content=say, headers=JSON)),
        row("A80", f"{name} in a name", 422, nobody("POST", "/api/auth/register", content=sign_up, headers=JSON)),
        row("A80", f"{name} in a password", {403, 422}, dana("POST", "/api/auth/password", content=change, headers=JSON)),
        row("A80", f"{name} in a reason", 422, dana("POST", "/api/approvals/{request}", content=reason, headers=JSON)),
    ]


ROWS = [
    row("A77", "two lengths", 400, wire(LOGIN + b"Content-Length: 4\r\nContent-Length: 44\r\n\r\n")),
    row("A77", "length and chunks", 400, wire(LOGIN + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")),
    row("A77", "bare line feeds", 400, wire(b"GET /healthz HTTP/1.1\nHost: localhost\n\n")),
    row("A77", "a folded header", 400, wire(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\r\n b\r\n\r\n")),
    row("A77", "odd chunking", {400, 501}, wire(LOGIN + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")),
    row("A77", "negative length", 400, wire(LOGIN + b"Content-Length: -1\r\n\r\n")),
    row("A77", "space before the colon", 400, wire(b"GET /healthz HTTP/1.1\r\nHost : x\r\n\r\n")),
    row("A77", "absurd Host", 421, wire(b"GET /healthz HTTP/1.1\r\nHost: " + b"a" * 3000 + b"@evil.tld:99999/x\r\n\r\n")),
    row("A77", "header flood", {CLOSED, 400, 431}, wire(b"GET /healthz HTTP/1.1\r\nX-A: " + b"a" * 200_000)),
    row(
        "A77",
        "a thousand ranges",
        {200, 206, 400, 404, 416},
        nobody("GET", "/favicon.svg", headers={"Range": "bytes=" + ",".join(f"{n}-{n}" for n in range(1000))}),
    ),
    row("A77", "method override", 405, dana("POST", "/api/sessions/{session}", headers={"X-HTTP-Method-Override": "DELETE"})),
    row("A80", "JSON where a form is due", 422, nobody("POST", "/api/auth/token", json={"username": "a", "password": "b"})),
    row("A80", "a form where JSON is due", 422, ask_raw(b"type=text&title=x")),
    row("A80", "JSON as text", 422, ask_raw(json.dumps(asking()), "text/plain")),
    row("A80", "XML", 422, ask_raw(b"<x/>", "application/xml")),
    row("A80", "gzip", {400, 415, 422}, ask_raw(b"\x1f\x8b\x08" + b"0" * 100, **{"Content-Encoding": "gzip"})),
    row("A80", "no UTF-8", {400, 422}, ask_raw(b'{"type":"text","title":"\xff"}')),
    row("A80", "open nesting", {400, 422}, ask_raw('{"context":' + "[" * 50_000)),
    row("A80", "closed nesting", 422, dana("POST", "/api/feedback", json=asking(context=nested(60)))),
    row("A80", "ten thousand digits", {400, 422}, ask_raw('{"due_in":' + "1" * 10_000 + "}")),
    *(
        row("A80", f"due in {word}", 422, ask_raw('{"type":"text","title":"?","due_in":TEXT}'.replace("TEXT", word)))
        for word in ("NaN", "Infinity", "1e400")
    ),
    *(
        row("A80", f"context {word}", 422, ask_raw('{"type":"text","title":"?","context":{"n":TEXT}}'.replace("TEXT", word)))
        for word in ("NaN", "-Infinity", "1e400")
    ),
    *with_text("\\u0000"),
    *with_text("\\ud800"),
    row("A80", "too large, declared", 413, dana("POST", "/api/feedback", content=b"x" * BIG)),
    row("A80", "too large, in chunks", 413, lambda scene: ask_raw(chunks())(scene)),
    row(
        "A80",
        "too large a form, in chunks",
        413,
        lambda scene: nobody(
            "POST", "/api/auth/token", content=chunks(), headers={"Content-Type": "application/x-www-form-urlencoded"}
        )(scene),
    ),
    row("A80", "a thousand form fields", 422, nobody("POST", "/api/auth/token", data={f"f{n}": "x" for n in range(1000)})),
    row(
        "A80",
        "multipart without end",
        413,
        nobody(
            "POST", "/api/auth/token", content=b"--x\r\n" * 10_000, headers={"Content-Type": "multipart/form-data; boundary=x"}
        ),
    ),
    *(
        row("A86", f"a megabyte for {path} by nobody", 401, nobody("POST", path, content=b"[" * 1_000_000, headers=JSON))
        for path in ("/api/feedback", "/api/chat/completion", "/api/crew/execute", "/api/tasks", "/api/auth/password")
    ),
    *(
        row("A86", f"too much for {path}", 413, nobody("POST", path, content=b"[" * 17_000, headers=JSON))
        for path in ("/api/auth/register", "/api/auth/refresh", "/api/auth/revoke")
    ),
    row("A86", "a body that never comes, by nobody", 401, wire(ENDLESS)),
    row("A86", "a title of a megabyte", 422, dana("POST", "/api/feedback", json=asking(title="x" * 1_000_000))),
    row(
        "A86",
        "a thousand options",
        422,
        dana("POST", "/api/feedback", json=asking("choice", options=[{"value": str(n), "label": "x"} for n in range(1000)])),
    ),
    row(
        "A86",
        "a thousand fields",
        422,
        dana("POST", "/api/feedback", json=asking("form", fields=[{"name": str(n)} for n in range(1000)])),
    ),
    row("A86", "a thousand people", 422, dana("POST", "/api/feedback", json=asking(to=["x@example.org"] * 1000))),
    row(
        "A86",
        "two hundred thousand checkpoints",
        422,
        dana("POST", "/api/crew/execute", json={"message": "plan x", "checkpoints": ["a"] * 200_000}),
    ),
    row(
        "A86", "a long idempotency key", 422, dana("POST", "/api/feedback", json=asking(), headers={"Idempotency-Key": "k" * 300})
    ),
    row("A86", "words beyond the limit", 400, dana("POST", "/api/chat/completion", json={"query": "x" * 4001})),
]
