"""The caller behind a valid access token."""

from dataclasses import dataclass
from typing import Literal

from backend.domain.people import VIA, Person, SignInClient


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person and the sign-in that proves it."""

    person: Person
    email: str
    role: str
    sign_in_id: str
    door: SignInClient = "api"

    @property
    def via(self) -> Literal["chat", "api"]:
        """What the person does under this sign-in, they do here: it rests on who keeps the sign-in, on nothing a call says."""
        return VIA[self.door]

    @property
    def proof(self) -> str:
        """What it rests on that the person did it, for the record."""
        return f"sign-in {self.sign_in_id}"

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"
