"""A server whose agent has a mailbox, and people who are asked there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from tests.support.emulated_google import AGENT, DANA, Google, connect_mailbox, link_address, run_google, text_of
from tests.support.google_faults import GoogleFaults, google_faults
from tests.support.person import Person, until
from tests.support.server import Server


@dataclass(frozen=True)
class MailServer:
    """A server, its administrator, the Google whose mailbox AGENT is its agent's, and what may fail on the way there."""

    server: Server
    google: Google
    faults: GoogleFaults
    admin: Person

    def person(self, *channels: str, name: str = "Dana", address: str = DANA) -> Person:
        """Somebody who is asked on these channels (email alone), and whose address is linked. `unlink` frees it."""
        person = self.server.person(name)
        link_address(person, self.google, address)
        wishes = [{"type": channel} for channel in (channels or ("email",))]
        reply = person.http.put("/api/channels", json={"items": wishes})
        assert reply.status_code == 200, reply.text
        return person

    def unlink(self, person: Person) -> None:
        person.http.delete("/api/channels/email")

    def asked(self, request: dict[str, Any], address: str = DANA) -> EmailMessage:
        """The mail that asks it, once it is there."""
        return self.google.mail(address, lambda mail: is_about(mail, request) and text_of(mail).count("reply above") > 0)

    def told(self, mail: EmailMessage, address: str = DANA) -> str:
        """What a person's mail was answered with, once it was."""
        id = str(mail["Message-ID"])
        return text_of(self.google.mail(address, lambda reply: id in str(reply["References"])))


def is_about(mail: EmailMessage, request: dict[str, Any]) -> bool:
    return f"/r/{request['id']}" in text_of(mail)


def wait_for_decision(person: Person, request: dict[str, Any]) -> dict[str, Any]:
    """The request, once it was answered."""
    found: dict[str, Any] = until(lambda: person.get(f"/api/feedback/{request['id']}"), lambda now: now["status"] == "answered")
    return found


@contextmanager
def run_mail_server(server: Server, **settings: Any) -> Iterator[MailServer]:
    """The server, started with these settings, and its Google, for as long as this lasts."""
    with run_google(server.url) as google, google_faults(google) as faults:
        try:
            server.start(**{**google.settings(faults.url), **settings})
            admin = server.person("Ada")
            connect_mailbox(admin, google, AGENT)
            yield MailServer(server, google, faults, admin)
        finally:
            server.stop()
