"""Signed tags in our mails. A reply brings one back: it names the subject and proves that we wrote to that very address."""

import base64
import hmac
import re

TOKEN_LENGTH = 26  # 128 bits and a little, in base 32
LOCAL_LENGTH = 64  # RFC 5321, 4.5.3.1.1
# An id of ours and the token. What may follow tells mails about one subject apart.
_TAG = re.compile(rf"([a-z]{{2,8}}_[0-9a-z]{{1,40}})\.([a-z2-7]{{{TOKEN_LENGTH}}})(?![a-z0-9])")
_VERSION = re.compile(r"(?:\.[0-9a-z_]{1,60})?\.v([0-9]{1,9})(?![0-9a-z])")


class ReplyTags:
    """Makes tags with the first key and reads them with any; stores nothing. Only a mail of ours carries a tag that is valid
    for its recipient."""

    def __init__(self, *keys: bytes) -> None:
        self._keys = keys

    def make(self, subject_id: str, address: str) -> str:
        """Return `req_1.k7...`, for `subject_id` (a request, a session, a linking) in a mail to `address`."""
        return f"{subject_id}.{_token(self._keys[0], subject_id, address)}"

    def read(self, text: str, address: str) -> str | None:
        """Return the subject of the first valid tag in `text` (a Message-ID, References, a recipient address), ignoring case;
        None if none was made for `address`."""
        for found in _TAG.finditer(text.lower()):
            if any(hmac.compare_digest(found[2], _token(key, found[1], address)) for key in self._keys):
                return found[1]
        return None

    def version(self, subject_id: str, text: str, address: str) -> int | None:
        """Return the version in the first valid tag of the subject that carries one."""
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
    """Return the subject of the first tag in `text` without verifying it: only to show a mail where it seems to belong."""
    found = _TAG.search(text.lower())
    return found[1] if found else None


def message_id(tag: str, host: str, mark: str = "", version: int | None = None) -> str:
    """Return the Message-ID that carries the tag. `mark` distinguishes mails with the same tag; `version` is the version of
    the subject that the mail shows."""
    return f"<{'.'.join((tag, *([mark] if mark else ()), *([f'v{version}'] if version else ())))}@{host}>"


def reply_to(tag: str, mailbox: str) -> str | None:
    """Return the mailbox address with the tag after a plus; None if that exceeds the maximum length."""
    local, _, domain = mailbox.rpartition("@")
    tagged = f"{local}+{tag}"
    return f"{tagged}@{domain}" if len(tagged) <= LOCAL_LENGTH else None
