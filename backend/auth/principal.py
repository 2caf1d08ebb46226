"""The caller behind a valid access token."""

from dataclasses import dataclass

from backend.domain.people import Person


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person and the sign-in that proves it."""

    person: Person
    email: str
    role: str
    sign_in_id: str

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"
