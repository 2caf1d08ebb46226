"""Attacks on who one is: tokens, tickets, sign-ins."""

import time
from typing import Any

from tests.backend.api.attacks import CLOSED, JSON, Attack, Scene, bearer, knock, nobody, row, wire
from tests.support.forged_tokens import access_token, encoded, unsigned

NOW = int(time.time())
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
HEADERS: list[tuple[str, Any]] = [
    ("jwk", {"kty": "oct", "k": "AAAA"}),
    ("jku", "http://127.0.0.1:1/keys"),
    ("x5u", "http://127.0.0.1:1/chain"),
    ("kid", "../../../dev/null"),
    ("kid", "' UNION SELECT 'x"),
    ("crit", ["x"]),
]


WRONG = {"username": "nobody@example.org", "password": "wrong"}
FORMS: dict[str, dict[str, Any]] = {
    "/api/auth/token": {"data": {**WRONG, "cookie": "1"}},
    "/api/auth/refresh": {"json": {"cookie": 1}},
    "/api/auth/revoke": {"json": {"cookie": 1}},
    "/api/auth/register": {"json": {"email": "n2@example.org", "password": "long enough"}},
}
SCRIPT = {"Origin": "https://evil.tld", "X-Assent-Web": "1"}


def own_page(scene: Scene) -> Any:
    headers = {"Origin": scene.server.url, "X-Assent-Web": "1"}
    return nobody("POST", "/api/auth/token", data={**WRONG, "cookie": "1"}, headers=headers)(scene)


def forged(**changes: Any) -> Attack:
    return bearer(lambda scene: access_token(scene.server, scene.dana, **changes))


def headed(header: Any) -> Attack:
    return bearer(lambda scene: unsigned(scene.dana, header))


def tampered(scene: Scene) -> str:
    """Eve's own token, its claims rewritten to be Dana's."""
    head, _, seal = scene.eve.tokens["access_token"].split(".")
    claims = {
        "iss": "assent",
        "aud": "assent-api",
        "typ": "access",
        "sub": scene.dana.id,
        "sid": "x",
        "iat": NOW,
        "exp": NOW + 900,
    }
    return f"{head}.{encoded(claims)}.{seal}"


ROWS = [
    row("A1", "no token", 401, nobody("GET", "/api/sessions")),
    row("A1", "another scheme", 401, nobody("GET", "/api/sessions", headers={"Authorization": "Token x"})),
    row("A1", "token in the query", 401, nobody("GET", "/api/sessions?access_token={token}")),
    *(row("A2", f"alg {alg!r}", 401, headed({"alg": alg, "typ": "JWT"})) for alg in ("none", "None", "NONE", "nOnE", "")),
    row("A3", "another key", 401, forged(key="0" * 64)),
    row("A3", "empty key", 401, forged(key="")),
    row("A3", "another algorithm, the right key", 401, forged(alg="HS512")),
    *(row("A4", f"{name} {number}", 401, forged(header={name: value})) for number, (name, value) in enumerate(HEADERS)),
    row("A6", "expired", 401, forged(iat=NOW - 4000, exp=NOW - 3000)),
    row("A6", "no expiry", 401, forged(exp=None)),
    row("A6", "expiry a word", 401, forged(exp="never")),
    row("A6", "not yet", 401, forged(nbf=NOW + 3600)),
    row("A6", "from the future", 401, forged(iat=NOW + 3600, exp=NOW + 7200)),
    row("A6", "no iat", 401, forged(iat=None)),
    row("A6", "iat a word", 401, forged(iat="yesterday")),
    row("A7", "wrong audience", 401, forged(aud="other-api")),
    row("A7", "no audience", 401, forged(aud=None)),
    row("A7", "wrong issuer", 401, forged(iss="evil")),
    row("A7", "wrong type", 401, forged(typ="refresh")),
    row("A7", "no type", 401, forged(typ=None)),
    row("A7", "subject a number", 401, forged(sub=7)),
    row("A7", "no sign-in", 401, forged(sid=None)),
    row("A7", "unknown sign-in", 401, forged(sid="sin_none")),
    row("A7", "refresh token as access token", 401, bearer("{refresh}")),
    row("A7", "ticket as access token", 401, bearer("{ticket}")),
    row(
        "A7",
        "access token as refresh token",
        401,
        lambda scene: nobody("POST", "/api/auth/refresh", json={"refresh_token": scene.fill("{token}")})(scene),
    ),
    row("A8", "claims tampered", 401, bearer(tampered)),
    row("A8", "truncated", 401, bearer(lambda scene: scene.fill("{token}")[:-5])),
    row("A8", "seal left out", 401, bearer(lambda scene: scene.fill("{token}").rpartition(".")[0] + ".")),
    row("A8", "two dots", 401, bearer("..")),
    row("A8", "not base64", 401, bearer("%%%.%%%.%%%")),
    row("A8", "9 kB", 401, bearer("x" * 9000)),
    row(
        "A8",
        "1 MB",
        {CLOSED, 400, 431},
        wire(b"GET /api/auth/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + b"x" * 1_000_000),
    ),
    row(
        "A8",
        "an encrypted bomb",
        401,
        bearer(".".join([encoded({"alg": "dir", "enc": "A256GCM", "zip": "DEF"}), "", "a", "b", "c"])),
    ),
    row("A8", "header nested", 401, headed('{"alg":' + "[" * 5000 + "}")),
    row("A8", "header nested and closed", 401, headed("[" * 2500 + "]" * 2500)),
    row("A8", "header of digits", 401, headed("1" * 5500)),
    row("A8", "header a list", 401, headed(["alg", "HS256"])),
    row("A8", "header not UTF-8", 401, bearer("_-__.e30.e30")),
    row(
        "A8",
        "beyond ASCII",
        401,
        wire(b"GET /api/auth/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \xff\xfe.\xe9.x\r\n\r\n"),
    ),
    row("A14", "SQL as address", 401, nobody("POST", "/api/auth/token", data={"username": "' OR '1'='1", "password": "x"})),
    row("A14", "NUL as address", 401, nobody("POST", "/api/auth/token", data={"username": "\x00", "password": "x"})),
    row(
        "A14",
        "NUL in the password",
        {401, 422},
        nobody("POST", "/api/auth/token", data={"username": "a@b.cd", "password": "\x00"}),
    ),
    row(
        "A14",
        "no UTF-8",
        {401, 422},
        nobody("POST", "/api/auth/token", content=b"username=a%40b.cd&password=%ff%ed%a0%80", headers=FORM),
    ),
    row(
        "A16",
        "a cookie of one's own choosing",
        401,
        nobody("POST", "/api/auth/refresh", json={"cookie": 1}, headers={"X-Assent-Web": "1", "Cookie": "assent_refresh=chosen"}),
    ),
    row(
        "A70",
        "a form from another site",
        {401, 403, 422},
        nobody("POST", "/api/auth/refresh", data={"cookie": "1"}, headers={"Cookie": "assent_refresh=x"}),
    ),
    row(
        "A70",
        "no header of our own",
        403,
        nobody("POST", "/api/auth/refresh", content=b'{"cookie":1}', headers={**JSON, "Cookie": "assent_refresh=x"}),
    ),
    *(
        row("N2", f"{path} by a form, Origin {origin}", 403, nobody("POST", path, headers={"Origin": origin}, **sent))
        for origin in ("https://evil.tld", "null", "http://localhost:1")
        for path, sent in FORMS.items()
    ),
    *(
        row("N2", f"{path} by a script that knows our header", 403, nobody("POST", path, headers=SCRIPT, **sent))
        for path, sent in FORMS.items()
    ),
    row("N2", "a cookie without our header", 403, nobody("POST", "/api/auth/token", data={**WRONG, "cookie": "1"})),
    row("N2", "our own page, to compare", 401, lambda scene: own_page(scene)),
    row("A26", "socket without anything", 401, knock("/api/ws/me")),
    row("A26", "bad ticket", 401, knock("/api/ws/me?ticket=nonsense", Origin="{origin}")),
    row("A26", "empty ticket", 401, knock("/api/ws/me?ticket=", Origin="{origin}")),
    row("A26", "long ticket", 401, knock("/api/ws/me?ticket=" + "x" * 5000, Origin="{origin}")),
    row("A26", "access token as ticket", 401, knock("/api/ws/me?ticket={token}", Origin="{origin}")),
    row("A26", "access token in the query", 401, knock("/api/ws/me?token={token}", Origin="{origin}")),
    row("A26", "refresh token", 401, knock("/api/ws/me", Authorization="Bearer {refresh}")),
    *(
        row("A28", f"Origin {origin!r}", 403, knock("/api/ws/me", Authorization="Bearer {token}", Origin=origin))
        for origin in ("https://evil.tld", "null", "http://127.0.0.1", "http://localhost", "https://127.0.0.1", "file://", "")
    ),
    *(
        row(
            "A28",
            f"own Origin and {suffix!r}",
            403,
            knock("/api/ws/me", Authorization="Bearer {token}", Origin="{origin}" + suffix),
        )
        for suffix in (".evil.tld", "@evil.tld", "/", "0", "#")
    ),
    row("A28", "ticket and foreign Origin", 403, knock("/api/ws/me?ticket={ticket}", Origin="https://evil.tld")),
    row("A28", "ticket without Origin", 403, knock("/api/ws/me?ticket={ticket}")),
]
