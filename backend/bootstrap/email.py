"""Wire up the mail channel and the mailbox reader. Imported only when Gmail is configured, because Google's libraries take 0.5 s
to import."""

import time

import httpx

from backend.adapters.mail_reader import MailReader
from backend.adapters.mailboxes import StoredMailboxes
from backend.auth.credential_vault import Vault
from backend.auth.keys import derive_key, load_secrets
from backend.core.mail.mailboxes import wake_mailbox
from backend.db import Database
from backend.language.contract import Language
from backend.observability.log import get_logger
from backend.settings.schema import Settings
from channels.email.channel import EmailChannel
from channels.email.conversation import MailConversation
from channels.email.gmail.client import GmailClient
from channels.email.gmail.mailbox_reader import GmailMailboxReader
from channels.email.gmail.oauth import GoogleOAuth
from channels.email.gmail.push import Certificates, PushWebhook
from channels.email.gmail.signing_keys import fetch_keys
from channels.email.intake import MailIntake
from channels.email.replies import ReplyHandler
from channels.email.reply_tags import ReplyTags
from channels.mail_contract import MailboxReader, MailInbox
from channels.webhooks import WebhookHandler

log = get_logger(__name__)
CHECK_TIMEOUT_S = 10.0
Finding = tuple[bool, str]


def email_channel(settings: Settings, db: Database) -> EmailChannel:
    return EmailChannel(_client(settings, db), _reply_tags(settings), settings.url)


def google_provider(settings: Settings) -> GoogleOAuth:
    return GoogleOAuth(
        settings.google_client_id or "",
        _client_secret(settings),
        redirect_uri=f"{settings.url}/api/auth/google/callback",
        auth_url=settings.google_auth_url,
        token_url=settings.google_token_url,
    )


def email_mailbox_reader(settings: Settings, db: Database, inbox: MailInbox, language: Language) -> MailboxReader:
    """Reads the mail of every connected mailbox."""
    replies = ReplyHandler(inbox, MailReader(language).read)
    mail_intake = MailIntake(inbox, _reply_tags(settings), replies, MailConversation(inbox, replies), settings.gmail_authserv_id)
    return GmailMailboxReader(_client(settings, db), mail_intake, time.time, settings.gmail_pubsub_topic)


def email_webhook(settings: Settings, db: Database) -> WebhookHandler:
    """The webhook that Google's Pub/Sub calls when a mailbox has new mail."""

    async def fetch() -> Certificates:
        return await fetch_keys(settings.google_certs_url)

    async def ring(mailbox: str) -> None:
        await db.transact(wake_mailbox, mailbox)

    audience = f"{settings.url}/hooks/gmail"
    return PushWebhook(fetch, ring, audience=audience, account=settings.gmail_push_account or "", now=time.time).handle


async def check_email(settings: Settings) -> list[Finding]:
    """Check for `assent doctor` that Google can be reached and can redirect people back to us."""
    redirect_uri = f"{settings.url}/api/auth/google/callback"
    findings: list[Finding] = [(True, f"Gmail: {redirect_uri} must be among the client's authorised redirect addresses.")]
    secure = settings.url.startswith(("https:", "http://127.0.0.1", "http://localhost"))
    if not secure:
        findings.append((False, f"ASSENT_PUBLIC_URL: Google does not redirect to {settings.url}. Use https."))
    for name, url in (("GOOGLE_TOKEN_URL", settings.google_token_url), ("GMAIL_API_URL", settings.gmail_api_url)):
        findings.append(await _reachable(name, url))
    return findings


async def _reachable(name: str, url: str) -> Finding:
    """Whether anything answers at `url`; any HTTP status will do."""
    try:
        async with httpx.AsyncClient(timeout=CHECK_TIMEOUT_S) as http:
            await http.get(url)
    except httpx.HTTPError as error:
        return False, f"{name}: {url} cannot be reached ({type(error).__name__}). Check this machine's network access."
    return True, f"{url} answers."


def _client(settings: Settings, db: Database) -> GmailClient:
    return GmailClient(
        StoredMailboxes(db, Vault(*load_secrets(settings))),
        client_id=settings.google_client_id or "",
        client_secret=_client_secret(settings),
        token_url=settings.google_token_url,
        api_url=settings.gmail_api_url,
    )


def _client_secret(settings: Settings) -> str:
    return settings.google_client_secret.get_secret_value() if settings.google_client_secret else ""


def _reply_tags(settings: Settings) -> ReplyTags:
    return ReplyTags(*(bytes.fromhex(derive_key(secret, "mail")) for secret in load_secrets(settings)))
