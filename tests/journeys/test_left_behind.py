"""What is written about a person in the rows of others goes when they are erased, and what comes in about what was erased
is not kept."""

import json
import uuid

import httpx

from backend.core.mail.received_mail import record_mail
from backend.db.factory import open_database
from channels.mail_contract import ReceivedMail
from tests.journeys.test_erasure import NAME, WORDS, Place, answer, place
from tests.support.example_requests import ask
from tests.support.person import Person, until

__all__ = ["place"]


def erase(place: Place, person: Person) -> None:
    assert place.command("people", "erase", person.id, "--yes") == 0
    until(lambda: place.row("people", id=person.id)["erased_at"], bool)


def ask_with_key(bob: Person, dana: Person, key: str) -> httpx.Response:
    body = {"type": "text", "title": "What sings?", "to": [dana.email, bob.email]}
    return bob.http.post("/api/feedback", json=body, headers={"Idempotency-Key": key})


class TestErasingAPerson:
    async def test_leaves_nothing_in_the_replies_kept_for_others(self, place: Place) -> None:
        dana, bob = place.person(NAME), place.colleague("Bob")
        key = str(uuid.uuid4())
        asked = ask_with_key(bob, dana, key).json()
        answer(dana, asked, "A canary.")
        assert bob.answer(asked["id"], "submit", feedback="Me!", key="late").status_code == 409
        erase(place, dana)
        assert place.holding(*WORDS) == []
        again = ask_with_key(bob, dana, key).json()
        assert (again["id"], again["status"], again["response"]["by"]["name"]) == (asked["id"], "answered", "Erased")
        late = bob.answer(asked["id"], "submit", feedback="Me!", key="late")
        assert (late.status_code, late.json()["code"], late.json()["request"]) == (409, "already_decided", again)

    async def test_leaves_nothing_in_the_replies_to_those_who_were_asked(self, place: Place) -> None:
        dana, bob = place.person("Dana"), place.colleague("Bob")
        asked = ask(dana, title="What does the canary sing?", to=[bob.email])
        assert bob.answer(asked["id"], "submit", feedback="A song.", key="bobs").status_code == 200
        erase(place, dana)
        assert place.holding(*WORDS) == []
        again = bob.answer(asked["id"], "submit", feedback="A song.", key="bobs").json()
        assert (again["id"], again["title"], again["response"]["action"]) == (asked["id"], "Erased", "submit")

    async def test_leaves_no_mail_that_only_claimed_to_be_theirs(self, place: Place) -> None:
        dana, bob = place.person(NAME), place.colleague("Bob")
        asked = ask(bob, title="What sings?", to=[dana.email])
        place.write(
            "INSERT INTO mails (mailbox, id, sender, verified, person_id, request_id, session_id, outcome, text, whole,"
            " received_at) VALUES ('agent', 'm1', ?, ?, NULL, ?, ?, 'unverified', 'canary', 'canary', 1)",
            *(dana.email, False, asked["id"], asked["session_id"]),
        )
        answer(dana, asked, "A canary.")
        erase(place, dana)
        assert place.holding(*WORDS) == []

    async def test_leaves_no_address_in_how_far_a_copy_came(self, place: Place) -> None:
        dana, bob = place.person(NAME), place.colleague("Bob")
        asked = ask(bob, title="What sings?", to=[dana.email])
        place.write("UPDATE deliveries SET error = ? WHERE person_id = ?", f"The mail to {dana.email} came back.", dana.id)
        answer(dana, asked, "It.")
        assert dana.email in json.dumps(bob.frames(asked["session_id"]))
        erase(place, dana)
        assert place.holding(*WORDS) == []


class TestWhatWasErased:
    async def test_keeps_of_a_late_mail_only_that_it_came(self, place: Place) -> None:
        dana, bob = place.person("Dana"), place.colleague("Bob")
        asked = ask(dana, to=[bob.email])
        answer(bob, asked, "I do.")
        erase(place, dana)
        db = open_database(place.where(), lambda effects: None)
        letter = ReceivedMail(
            "email", "agent", "m1", "zyxwana@example.org", True, "late", "A canary.", "A canary.", request_id=asked["id"]
        )
        assert await db.transact(record_mail, letter)
        db.close()
        assert place.holding(*WORDS) == []
        assert place.row("mails", id="m1")["outcome"] == "late"

    async def test_takes_no_late_words(self, place: Place) -> None:
        dana, bob = place.person(NAME), place.colleague("Bob")
        asked = ask(dana, title="What sings?", to=[bob.email])
        answer(bob, asked, "I do.")
        erase(place, dana)
        late = bob.answer(asked["id"], "submit", feedback="A canary.")
        assert late.status_code == 409
        assert place.holding(*WORDS) == []
