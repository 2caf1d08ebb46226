"""The tag in our mails that a reply brings back: what it is about, and proof that we wrote it to that very address."""

import base64
import hmac
import re

TOKEN_LENGTH = 26  # 128 bits and a little, in base 32
LOCAL_LENGTH = 64  # RFC 5321, 4.5.3.1.1
# An identifier of ours, the token, and perhaps a mark that tells mails about the same thing apart.
_TAG = re.compile(rf"([a-z]{{2,8}}_[0-9a-z]{{1,40}})\.([a-z2-7]{{{TOKEN_LENGTH}}})(?![a-z0-9])")
_VERSION = re.compile(r"(?:\.[0-9a-z_]{1,60})?\.v([0-9]{1,9})(?![0-9a-z])")


class ReplyTags:
    """Made with the first key, read with any; nothing is kept. Only mails of ours carry a tag that reads for their
    recipient."""

    def __init__(self, *keys: bytes) -> None:
        self._keys = keys

    def make(self, subject_id: str, address: str) -> str:
        """`req_1.k7...`, for `subject_id` (a request, a session, a proof) in a mail to `address`."""
        return f"{subject_id}.{_token(self._keys[0], subject_id, address)}"

    def read(self, text: str, address: str) -> str | None:
        """The subject's id of the first good tag in `text` (a Message-ID, References, a recipient's address), whatever
        became of upper and lower case; None where none was made for `address`."""
        for found in _TAG.finditer(text.lower()):
            if any(hmac.compare_digest(found[2], _token(key, found[1], address)) for key in self._keys):
                return found[1]
        return None

    def version(self, subject_id: str, text: str, address: str) -> int | None:
        """Which version of the subject the nearest good tag that tells was shown with."""
        for found in _TAG.finditer(text.lower()):
            shown = _VERSION.match(text.lower(), found.end())
            if shown and found[1] == subject_id and self.read(found[0], address) == subject_id:
                return int(shown[1])
        return None


def _token(key: bytes, subject_id: str, address: str) -> str:
    what = f"mail\n{subject_id}\n{address.strip().lower()}".encode(errors="surrogatepass")
    digest = hmac.digest(key, what, "sha256")
    return base64.b32encode(digest).decode().lower()[:TOKEN_LENGTH]


def claimed_subject(text: str) -> str | None:
    """What the first tag in `text` says it is about, good or not: to show a mail where it seems to belong, never to
    believe it."""
    found = _TAG.search(text.lower())
    return found[1] if found else None


def message_id(tag: str, host: str, mark: str = "", version: int | None = None) -> str:
    """The Message-ID that carries the tag. `mark` is for another mail with the same tag; `version` is that of its subject, as
    the mail shows it."""
    return f"<{'.'.join((tag, *([mark] if mark else ()), *([f'v{version}'] if version else ())))}@{host}>"


def reply_to(tag: str, mailbox: str) -> str | None:
    """The mailbox's own address with the tag behind a plus; None where it would be longer than an address may be."""
    local, _, domain = mailbox.rpartition("@")
    tagged = f"{local}+{tag}"
    return f"{tagged}@{domain}" if len(tagged) <= LOCAL_LENGTH else None
