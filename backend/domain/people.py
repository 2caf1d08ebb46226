"""Who acts: a person, or the platform itself."""

import unicodedata
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str


SYSTEM = "system"
AGENT = "agent"
AGENT_NAME = "Assent agent"


def normal_address(text: str) -> str:
    """The one spelling of an email address: kept, looked up and counted alike."""
    return unicodedata.normalize("NFC", text.strip().lower())
