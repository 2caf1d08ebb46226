"""Who acts: a person, or the platform itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str


SYSTEM = "system"
AGENT = "agent"
AGENT_NAME = "Assent agent"
