"""People who use a server that keeps dying: they repeat what was not acknowledged, and note down what was."""

import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.person import PASSWORD, PATIENCE_S, Person

ANSWERS: dict[str, list[dict[str, Any]]] = {
    "confirmation": [{"action": "approve"}, {"action": "reject", "feedback": "no"}],
    "text": [{"action": "submit", "feedback": "because"}, {"action": "decline"}],
    "choice": [{"action": "submit", "values": {"choice": "tea"}}, {"action": "decline"}],
    "form": [{"action": "submit", "values": {"name": "Ann"}}],
    "checkpoint": [{"action": "continue"}, {"action": "revise", "feedback": "shorter"}, {"action": "skip"}, {"action": "stop"}],
}


@dataclass
class Acknowledged:
    """What clients were told, kept outside the server."""

    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: dict[str, dict[str, Any]] = field(default_factory=dict)
    decided: dict[str, dict[str, Any]] = field(default_factory=dict)
    frames: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)


class RetryingClient(threading.Thread):
    """One person, doing one random thing after another until told to stop. `fault` is what surprised them, if anything."""

    def __init__(self, person: Person, seed: int) -> None:
        super().__init__(name=f"customer {seed}")
        self.person, self.told, self.fault = person, Acknowledged(), None
        self._random = random.Random(seed)
        self._enough = threading.Event()
        self._sessions: list[str] = []
        self._fault: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._enough.is_set():
                self._random.choices([self._say, self._ask, self._answer, self._look], [3, 1, 5, 2])[0]()
        except BaseException as error:  # noqa: BLE001  raised again where the thread is joined
            self._fault = error

    def finish(self) -> None:
        """Stop, answer what is open, and raise what went wrong."""
        self._enough.set()
        self.join(2 * PATIENCE_S)
        if self._fault is not None:
            raise self._fault
        assert not self.is_alive()

    def _say(self) -> None:
        words = self._random.choice(
            [
                "calc 6 * 7",
                "pay {n} to {who}",
                "pay 500 to {who}",
                "ask Why?",
                "choose tea, coffee",
                "form name",
                "plan a launch",
                "stream 40",
            ]
        ).format(n=self._random.randint(50, 150), who=uuid.uuid4().hex)
        session_id = self._random.choice([None, *self._sessions[-3:]])
        body = {"query": words, "session_id": session_id, "client_id": uuid.uuid4().hex}
        reply = self._persist(lambda: self.person.http.post("/api/chat/completion", json=body))
        assert reply.status_code == 200, reply.text
        self.told.messages[body["client_id"] or ""] = body | reply.json()
        self._sessions.append(reply.json()["session_id"])

    def _ask(self) -> None:
        body, headers = {"type": "text", "title": f"Ask {uuid.uuid4().hex}"}, {"Idempotency-Key": uuid.uuid4().hex}
        reply = self._persist(lambda: self.person.http.post("/api/feedback", json=body, headers=headers))
        assert reply.status_code == 201, reply.text
        self.told.asked[reply.json()["id"]] = reply.json()

    def _answer(self) -> None:
        reply = self._persist(lambda: self.person.http.get("/api/feedback", params={"status": "pending"}))
        for request in reply.json()["items"][-2:]:
            answer = self._random.choice(ANSWERS[request["type"]])
            headers = {"Idempotency-Key": uuid.uuid4().hex}
            path = f"/api/feedback/{request['id']}/answer"
            decided = self._persist(lambda: self.person.http.post(path, json=answer, headers=headers))  # noqa: B023
            assert decided.status_code == 200, decided.text
            self.told.decided[request["id"]] = decided.json()

    def _look(self) -> None:
        """Read a session's log; what was seen once must be there, the same, whenever it is seen again."""
        if not self._sessions:
            return
        session_id = self._random.choice(self._sessions)
        reply = self._persist(lambda: self.person.http.get(f"/api/sessions/{session_id}/events"))
        for frame in reply.json()["items"]:
            known = self.told.frames.setdefault((session_id, frame["seq"]), frame)
            assert known == frame, (known, frame)

    def _persist(self, call: Callable[[], httpx.Response]) -> httpx.Response:
        """The reply, however often the server dies or cannot record it. The call repeats itself word for word."""
        while True:
            try:
                reply = call()
                if reply.status_code == 401:  # a long campaign outlives an access token
                    reply = self._sign_in_again()
            except httpx.TransportError:
                reply = httpx.Response(503)
            if reply.status_code != 503:
                return reply
            time.sleep(0.1)  # a server that died, or cannot record anything, is not asked without pause

    def _sign_in_again(self) -> httpx.Response:
        """A reply that says to try once more."""
        form = {"username": self.person.email, "password": PASSWORD}
        reply = self.person.http.post("/api/auth/token", data=form)
        if reply.status_code == 200:
            self.person = Person(self.person.url, self.person.id, self.person.email, reply.json())
        return httpx.Response(503)
