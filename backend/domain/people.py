"""Who acts: a person, a program with a person's sign-in, the agent, or the platform itself."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

from backend.domain import client_views

SignInClient = Literal["web", "api"]
VIA: dict[SignInClient, Literal["chat", "api"]] = {"web": "chat", "api": "api"}


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str


SYSTEM = "system"
AGENT = "agent"
AGENT_NAME = "Assent agent"


def normal_address(text: str) -> str:
    """The normal form of an email address, in which it is stored, looked up and counted."""
    return unicodedata.normalize("NFC", text.strip().lower())


@dataclass(frozen=True, slots=True)
class RequesterIdentity:
    """Who asks. Trust `kind`, never `name`, which anybody may choose; `id` is the person, or the person a program is signed
    in as."""

    kind: client_views.RequesterKind
    name: str
    id: str | None = None

    def shape(self) -> client_views.Requester:
        return {"kind": self.kind, "id": self.id, "name": self.name}


AGENT_REQUESTER = RequesterIdentity("agent", AGENT_NAME)


def requester_by(person: Person, via: str) -> RequesterIdentity:
    """The requester of a call: a person in the web app, a program through the API."""
    return RequesterIdentity("person" if via == "chat" else "program", person.name, person.id)
