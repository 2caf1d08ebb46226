"""A Google nobody here wrote (npm emulate): OAuth 2 with PKCE, mailboxes behind the Gmail API, a courier between them that adds
what a receiver adds, and pushes signed as Pub/Sub signs them."""

import base64
import itertools
import json
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.support.emulated_slack import PACKAGE, Forms, SignIn, address_of
from tests.support.person import PATIENCE_S, Person, until

LAUNCHER = Path(__file__).with_suffix(".mjs")
CLIENT_ID, CLIENT_SECRET = "assent.apps.googleusercontent.com", "the client's secret"
AGENT, SECOND = "agent@mail.example.com", "second@mail.example.com"
DANA, EVE, MALLORY = "dana@example.org", "eve@example.net", "mallory@evil.example"
UNVERIFIED = "unverified@example.org"
PUSHER, TOPIC = "push@assent.iam.gserviceaccount.com", "projects/assent/topics/mail"
Json = dict[str, Any]


class Google:
    """One running Google, its mailboxes read and written as their owners do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=PATIENCE_S, trust_env=False)
        self._seen: defaultdict[tuple[str, str], list[EmailMessage]] = defaultdict(list)
        self._names = itertools.count()

    def settings(self, api_url: str = "") -> Json:
        """What a server needs to be this Google's client; `api_url`, where its calls go through a proxy."""
        client = {"GOOGLE_CLIENT_ID": CLIENT_ID, "GOOGLE_CLIENT_SECRET": CLIENT_SECRET, "GMAIL_API_URL": api_url or self.url}
        sign_in = {"GOOGLE_AUTH_URL": f"{self.url}/o/oauth2/v2/auth", "GOOGLE_TOKEN_URL": f"{api_url or self.url}/oauth2/token"}
        loopback = {"OAUTHLIB_INSECURE_TRANSPORT": 1, "GMAIL_POLL_SECONDS": 1}
        return {**client, **sign_in, **loopback, "GOOGLE_CERTS_URL": f"{self.url}/oauth2/v1/certs"}

    def agree(self, url: str, email: str = AGENT, **changed: str) -> dict[str, str]:
        """A person opens the page to sign in and chooses their account; the query the browser is sent back with. `changed`:
        what somebody alters in the form before, such as a scope that is not granted."""
        page = self._http.get(url)
        assert page.status_code == 200, page.text
        form = {**_form_of(page.text, email), **changed}
        reply = self._http.post("/o/oauth2/v2/auth/callback", data=form)
        assert reply.status_code == 302, reply.text
        return {key: values[0] for key, values in parse_qs(urlsplit(reply.headers["location"]).query).items()}

    def expire(self, email: str = AGENT) -> None:
        """The access tokens given out to that account are good no more."""
        assert self._control("expire", email=email)["expired"] > 0

    def revoke(self, email: str = AGENT) -> None:
        """The owner withdraws the consent."""
        self._control("revoke", email=email)

    def push(self, audience: str, *, by: str = PUSHER, key: str = "ours", **claims: Any) -> str:
        """The token with which Pub/Sub would push to `audience`."""
        now = int(time.time())
        said = {"iss": "https://accounts.google.com", "aud": audience, "email": by, "email_verified": True, "sub": "1"}
        return str(self._control("sign", claims={**said, "iat": now, "exp": now + 3600, **claims}, key=key)["token"])

    def mails(self, email: str, label: str = "INBOX") -> list[EmailMessage]:
        """What arrived (or, `SENT`, was sent) in a mailbox, oldest first."""
        seen = self._seen[email, label]
        query: dict[str, str | int] = {"email": email, "label": label, "after": len(seen)}
        # A name of its own each time: one may ask 5,000 times an hour.
        reply = self._http.get("/_control/mails", params=query, headers={"Authorization": f"Bearer {next(self._names)}"})
        seen += [_parsed(raw) for raw in reply.raise_for_status().json()["raw"]]
        return list(seen)

    def mail(self, email: str, fits: Callable[[EmailMessage], Any] = lambda _: True) -> EmailMessage:
        """The newest mail in a mailbox that fits, once there is one."""
        found: EmailMessage = until(lambda: [each for each in self.mails(email) if fits(each)], bool)[-1]
        return found

    def send(self, email: str, to: str, subject: str, text: str, **headers: str) -> EmailMessage:
        """A person writes a mail."""
        return self.post(email, compose(email, to, subject, text, **headers))

    def reply(self, email: str, mail: EmailMessage, text: str, **headers: str) -> EmailMessage:
        """A person answers a mail as Gmail's page does: on top, the mail itself quoted below."""
        return self.post(email, answering(email, mail, text, **headers))

    def post(self, email: str, mail: EmailMessage) -> EmailMessage:
        """Send any mail from a mailbox; the courier carries it."""
        self._call(email, "POST", "messages/send", json={"raw": _encoded(mail.as_bytes(policy=policy.SMTP))})
        return mail

    def drop(self, email: str, raw: bytes) -> None:
        """Bytes as they arrive in a mailbox, whatever they claim."""
        self._call(email, "POST", "messages/import", json={"raw": _encoded(raw)})

    def _call(self, email: str, method: str, path: str, **more: Any) -> Json:
        headers = {"Authorization": f"Bearer {_whole(email)}"}
        reply = self._http.request(method, f"/gmail/v1/users/me/{path}", headers=headers, **more)
        assert reply.status_code == 200, reply.text
        said: Json = reply.json()
        return said

    def _control(self, what: str, **body: Any) -> Json:
        reply = self._http.post(f"/_control/{what}", json=body)
        assert reply.status_code == 200, reply.text
        said: Json = reply.json()
        return said


def compose(email: str, to: str, subject: str, text: str, **headers: str) -> EmailMessage:
    """A new mail of a person; `headers` by name, `_` for `-`."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = formataddr((email.partition("@")[0].title(), email))
    mail["To"], mail["Subject"], mail["Message-ID"] = to, subject, make_msgid(domain=email.partition("@")[2])
    mail["Date"] = format_datetime(datetime.now(UTC))
    for name, value in headers.items():
        mail[name.replace("_", "-").title()] = value
    mail.set_content(text)
    return mail


def answering(email: str, mail: EmailMessage, text: str, **headers: str) -> EmailMessage:
    """A reply to a mail, which is quoted as Gmail quotes it."""
    to = str(mail["Reply-To"] or mail["From"])
    subject = str(mail["Subject"])
    subject = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    quoted = "".join(f"> {line}\n" for line in text_of(mail).splitlines())
    body = f"{text}\n\nOn Mon, Nov 16, 2026 at 10:00 AM {mail['From']} wrote:\n\n{quoted}"
    references = " ".join(filter(None, (str(mail["References"] or ""), str(mail["Message-ID"]))))
    return compose(email, to, subject, body, **{"in_reply_to": str(mail["Message-ID"]), "references": references, **headers})


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def sent_to(mail: EmailMessage) -> str:
    """The address a mail went to."""
    return parseaddr(str(mail["To"]))[1]


def connect_google(person: Person, google: Google, email: str, path: str = "/api/auth/google/start") -> httpx.Response:
    """Go to Google, agree, come back."""
    sign_in = SignIn(person, path)
    return sign_in.back(**google.agree(sign_in.url, email))


def connect_mailbox(admin: Person, google: Google, email: str = AGENT) -> None:
    """An administrator lets us into the agent's mailbox."""
    reply = connect_google(admin, google, email, "/api/channels/email/install")
    assert reply.headers.get("location", "").endswith("?email=installed"), reply.text


def link_address(person: Person, google: Google, email: str = DANA) -> None:
    """A person proves that an address is theirs, by replying from it with the line that their web app shows."""
    before = len(google.mails(email))
    reply = person.http.post("/api/channels/email/link", json={"address": email})
    assert reply.status_code == 200, reply.text
    mail = until(lambda: google.mails(email)[before:], bool)[-1]
    google.reply(email, mail, f"link {reply.json()['code']}")
    until(lambda: email_of(person)["account"], lambda account: account == email)


def email_of(person: Person) -> Json:
    """The person's email channel as the web app shows it."""
    channel: Json = next(each for each in person.get("/api/channels")["items"] if each["type"] == "email")
    return channel


@contextmanager
def run_google(*servers: str) -> Iterator[Google]:
    """The peer's process, at which the servers with these addresses may send people to sign in."""
    if not PACKAGE.exists():
        raise RuntimeError("npm emulate is not installed: run `npm ci` in tests/peers, or `make test`")
    command = ["node", str(LAUNCHER), json.dumps({"seed": _seed(servers), "tokens": _tokens()})]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield Google(address_of(process))
        finally:
            process.terminate()
            process.communicate()


def _people() -> tuple[str, ...]:
    return AGENT, SECOND, DANA, EVE, MALLORY, UNVERIFIED


def _seed(servers: tuple[str, ...]) -> Json:
    back = [f"{each}/api/auth/google/callback" for each in servers]
    client = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "name": "Assent", "redirect_uris": back}
    users = [{"email": each, "name": each.partition("@")[0].title(), "email_verified": each != UNVERIFIED} for each in _people()]
    return {"users": users, "oauth_clients": [client]}


def _tokens() -> Json:
    """What the owners' own programs use, who may do everything."""
    return {_whole(each): {"login": each, "scopes": ["https://mail.google.com/"]} for each in _people()}


def _whole(email: str) -> str:
    return f"whole-{email}"


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()


def _parsed(raw: str) -> EmailMessage:
    parsed = message_from_bytes(base64.urlsafe_b64decode(raw + "=="), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def _form_of(page: str, email: str) -> dict[str, str]:
    """The hidden fields behind one account's button."""
    reader = Forms()
    reader.feed(page)
    return next(form for form in reader.forms if form.get("email") == email)
