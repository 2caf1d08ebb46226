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
        """The channel recorded for what the person does under this sign-in. It depends on who holds the sign-in, not on anything
        in the request."""
        return VIA[self.door]

    @property
    def proof(self) -> str:
        """The evidence, for the audit log, that it was this person."""
        return f"sign-in {self.sign_in_id}"

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"
