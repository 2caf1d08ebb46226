"""The Gmail client, the only caller of Gmail. Each call is one attempt, and each failure is one of the channel errors."""

import asyncio
import base64
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from google.auth.exceptions import GoogleAuthError
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import Error, HttpError
from httpx import HTTPError

from channels.email.gmail.failures import channel_error_of
from channels.email.gmail.transport import HttpxTransport, connections, refresh_token
from channels.email.incoming_mail import HistoryExpired, RawMail
from channels.errors import ChannelError, Disconnected, Retryable

API_URL = "https://gmail.googleapis.com"
TOKEN_URL = "https://oauth2.googleapis.com/token"
TIMEOUT_S = 20.0
THREADS = 8
PAGE, HISTORY_PAGES = 500, 20
MAX_CANDIDATES = 20
ID_HEADERS = ("message-id", "references")
HISTORY_GONE_CODES = ("not_found", "invalidArgument")
Json = dict[str, Any]
BuildRequest = Callable[[Any], Any]  # users() of the Gmail service -> the request to execute


class Mailboxes(Protocol):
    """The connected mailboxes."""

    async def refresh_token(self, mailbox: str) -> str | None:
        """Return the refresh token, or None if the mailbox is not, or no longer, connected."""
        ...

    async def first_mailbox(self) -> str | None:
        """Return the mailbox connected first, which starts new threads; None if there is none."""
        ...

    async def mark_disconnected(self, mailbox: str, reason: str) -> None:
        """Record that Google revoked the access; an administrator must connect the mailbox again."""
        ...


@dataclass(frozen=True, slots=True)
class Sent:
    """Gmail's ids of a mail and of its thread in the mailbox."""

    id: str
    thread: str


class GmailClient:
    """A client for any connected mailbox. Methods raise only the errors of `channels.errors`, and HistoryExpired."""

    def __init__(
        self,
        mailboxes: Mailboxes,
        *,
        client_id: str,
        client_secret: str,
        token_url: str = TOKEN_URL,
        api_url: str = API_URL,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.mailboxes = mailboxes
        self._app = {"client_id": client_id, "client_secret": client_secret, "token_uri": token_url}
        self._api_url, self._timeout_s = api_url, timeout_s
        self._credentials_by_mailbox: dict[str, Credentials] = {}
        self._threads = ThreadPoolExecutor(THREADS, "gmail")
        self._connections = connections()
        self._service: Any = None

    async def send(self, mailbox: str, raw: bytes, thread: str | None = None) -> Sent:
        """Send a mail in a thread of the mailbox. Raises Rejected with code `not_found` if that thread is gone."""
        body = {"raw": base64.urlsafe_b64encode(raw).decode()} | ({"threadId": thread} if thread else {})
        return _sent(await self._call(mailbox, lambda users: users.messages().send(userId="me", body=body), writes=True), True)

    async def find(self, mailbox: str, message_id: str, to: str = "", since_s: int | None = None) -> Sent | None:
        """Find the mail we sent with this Message-ID. With `since_s`, also search the mails sent `to` that address since then by
        their References, as Gmail may have assigned another Message-ID."""
        ours = message_id.strip("<>")
        found = await self.search(mailbox, f"rfc822msgid:{ours}", MAX_CANDIDATES)
        if not found and since_s is not None:
            found = await self.search(mailbox, f"in:sent to:{to} after:{since_s}", MAX_CANDIDATES)
        for id in found:
            mail, names = await self._message_ids(mailbox, id)
            if ours.partition("@")[0] in names:
                return mail
        return None

    async def search(self, mailbox: str, query: str, most: int) -> list[str]:
        """Return the ids of the mails a Gmail search finds, newest first."""
        found: list[str] = []
        page: str | None = None
        while len(found) < most:
            params: Json = {"q": query, "maxResults": min(PAGE, most - len(found)), "pageToken": page}
            reply = await self._list_messages(mailbox, params)
            found += [_sent(each).id for each in _items(reply, "messages")]
            page = reply.get("nextPageToken")
            if not page:
                break
        return found

    async def fetch(self, mailbox: str, id: str) -> RawMail | None:
        """Fetch the raw mail; None if it was deleted meanwhile."""
        try:
            reply = await self._call(mailbox, lambda users: users.messages().get(userId="me", id=id, format="raw"))
        except ChannelError as error:
            if error.code == "not_found":
                return None
            raise
        mail, labels = _sent(reply), frozenset(map(str, reply.get("labelIds") or ()))
        try:
            return RawMail(mail.id, mail.thread, labels, base64.urlsafe_b64decode(f"{_part(reply, 'raw')}=="))
        except ValueError:
            raise _incomplete() from None

    async def added_since(self, mailbox: str, position: str) -> tuple[list[str], str]:
        """Return the ids of the mails received since the position, oldest first, and the new position. Raises HistoryExpired."""
        found: dict[str, None] = {}
        page: str | None = None
        for _ in range(HISTORY_PAGES):
            params: Json = {"startHistoryId": position, "historyTypes": ["messageAdded"], "maxResults": PAGE, "pageToken": page}
            reply = await self._list_history(mailbox, params)
            for event in _items(reply, "history"):
                found |= {_sent(added.get("message")).id: None for added in _items(event, "messagesAdded")}
            page = reply.get("nextPageToken")
            if not page:
                return list(found), str(reply.get("historyId") or position)
        raise HistoryExpired

    async def position(self, mailbox: str) -> str:
        """Return the current position in the history of the mailbox."""
        return str(_part(await self._call(mailbox, lambda users: users.getProfile(userId="me")), "historyId"))

    async def watch(self, mailbox: str, topic: str) -> int:
        """Have Gmail publish to a Pub/Sub topic when mail arrives. Returns when that expires, in milliseconds."""
        body = {"topicName": topic, "labelIds": ["INBOX"], "labelFilterBehavior": "include"}
        reply = await self._call(mailbox, lambda users: users.watch(userId="me", body=body))
        try:
            return int(_part(reply, "expiration"))
        except ValueError:
            raise _incomplete() from None

    async def stop(self, mailbox: str) -> None:
        """Stop the notifications."""
        await self._call(mailbox, lambda users: users.stop(userId="me"))

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._connections.close()

    async def _list_messages(self, mailbox: str, params: Json) -> Json:
        return await self._call(mailbox, lambda users: users.messages().list(userId="me", **params))

    async def _list_history(self, mailbox: str, params: Json) -> Json:
        try:
            return await self._call(mailbox, lambda users: users.history().list(userId="me", **params))
        except ChannelError as error:
            raise (HistoryExpired() if error.code in HISTORY_GONE_CODES else error) from None

    async def _message_ids(self, mailbox: str, id: str) -> tuple[Sent, str]:
        """Return Gmail's ids of a mail, and its Message-ID and References."""
        params: Json = {"id": id, "format": "metadata", "metadataHeaders": ["Message-ID", "References"]}
        reply = await self._call(mailbox, lambda users: users.messages().get(userId="me", **params))
        headers = [each for each in _items(reply.get("payload"), "headers") if str(each.get("name")).lower() in ID_HEADERS]
        return _sent(reply), " ".join(str(each.get("value")) for each in headers)

    async def _call(self, mailbox: str, make: BuildRequest, *, writes: bool = False) -> Json:
        """`writes`: a repeat would be visible twice."""
        credentials = await self._credentials(mailbox)
        try:
            async with asyncio.timeout(self._timeout_s):
                loop = asyncio.get_running_loop()
                reply = await loop.run_in_executor(self._threads, self._execute, credentials, make)
        except (Error, GoogleAuthError, HTTPError, OSError, RuntimeError, ValueError) as error:
            failure = channel_error_of(error, writes)
            if isinstance(failure, Disconnected):
                self._credentials_by_mailbox.pop(mailbox, None)
                await self.mailboxes.mark_disconnected(mailbox, failure.reason)
            raise failure from None
        if not isinstance(reply, dict):
            raise Retryable("Google sent a response that cannot be read.", "not_json", unknown=writes)
        return reply

    async def _credentials(self, mailbox: str) -> Credentials:
        token = await self.mailboxes.refresh_token(mailbox)
        if token is None:
            raise Disconnected("The agent's mailbox is not connected.", "no_mailbox")
        known = self._credentials_by_mailbox.get(mailbox)
        if known is None or known.refresh_token != token:
            known = self._credentials_by_mailbox[mailbox] = Credentials(None, refresh_token=token, **self._app)
        return known

    def _execute(self, credentials: Credentials, make: BuildRequest) -> Any:
        """Runs in a worker thread. Refreshes an access token once if Google no longer accepts it."""
        renewed = not credentials.valid
        if renewed:
            refresh_token(credentials, self._connections)
        request, transport = make(self._users()), HttpxTransport(self._connections, credentials)
        try:
            return request.execute(http=transport) or {}
        except HttpError as error:
            if error.status_code != 401 or renewed:
                raise
        refresh_token(credentials, self._connections)
        return make(self._users()).execute(http=transport) or {}

    def _users(self) -> Any:
        if self._service is None:
            at = {"api_endpoint": self._api_url}
            self._service = build("gmail", "v1", http=HttpxTransport(self._connections), client_options=at, static_discovery=True)
        return self._service.users()


def _sent(reply: Any, writes: bool = False) -> Sent:
    if not isinstance(reply, dict) or not reply.get("id"):
        raise Retryable("Google sent an incomplete response.", "incomplete", unknown=writes)
    return Sent(str(reply["id"]), str(reply.get("threadId") or reply["id"]))


def _items(reply: Any, name: str) -> Sequence[Json]:
    found = reply.get(name) if isinstance(reply, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _part(reply: Json, name: str) -> Any:
    if not reply.get(name):
        raise _incomplete()
    return reply[name]


def _incomplete() -> Retryable:
    return Retryable("Google sent an incomplete response.", "incomplete")
