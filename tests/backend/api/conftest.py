"""Two people who have been here before, because signing up costs two password hashes; a newcomer for a clean slate."""

import pytest

from tests.support.person import Person
from tests.support.server import Server


@pytest.fixture(scope="session")
def dana(server: Server) -> Person:
    return server.person("Dana")


@pytest.fixture(scope="session")
def eve(server: Server) -> Person:
    return server.person("Eve")


@pytest.fixture
def newcomer(server: Server) -> Person:
    """Nobody has asked them anything yet, and they have said nothing."""
    return server.person("Noor")
