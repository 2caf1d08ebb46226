"""No single request, however large, keeps everybody else's waiting: the loop is given back within 50 ms of its CPU time."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from backend.bootstrap.processes import bootstrap
from backend.db import Tx
from backend.domain.events import TaskStarted
from backend.engines.baml import BamlEngine
from backend.engines.baml.model import BamlModel
from backend.engines.contract import Entry, Thread
from backend.engines.model_providers import ModelSettings
from backend.language.baml_language import BamlLanguage
from backend.settings.schema import Settings
from channels.contract import Question
from channels.email.channel import build_in_thread
from channels.email.read.parsed_mail import read_mail
from channels.email.replies import parse_in_thread
from channels.email.write.envelope import Envelope
from channels.email.write.question_mail import question_page
from channels.slack.question_message import render_in_thread
from tests.support.aimock import Aimock, aimock, aimock_server
from tests.support.event_loop_blocking import BlockedTime, watch_event_loop
from tests.support.person import PASSWORD, PATIENCE_S, Person
from tests.support.server import free_port

__all__ = ["aimock", "aimock_server"]

MOST_S = 0.05
TEXT = "a plain sentence, and ümläuts. " * 30_000  # 1 MB
ROWS = 5_000
LIST = "# Plan\n\n" + "- a **bold** item with `code` and [a link](https://example.org)\n" * 1_500


class Here:
    """A server on this test's own loop, asked from other threads."""

    def __init__(self, url: str, dana: Person, app: Any) -> None:
        self.url, self.dana, self.context = url, dana, app.state.context

    async def post(self, path: str, body: str) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        return await asyncio.to_thread(lambda: self.dana.http.post(path, content=body.encode(), headers=headers))

    async def ask(self, body: dict[str, Any]) -> dict[str, Any]:
        asked: dict[str, Any] = (await self.post("/api/feedback", json.dumps(body))).json()
        return asked

    async def get(self, path: str) -> httpx.Response:
        return await asyncio.to_thread(lambda: self.dana.http.get(path))

    def listen(self, session_id: str) -> None:
        """Take in all that a socket says at first."""
        with self.dana.socket(session_id):
            pass


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Here]:
    port = free_port()
    settings = Settings(data_dir=tmp_path / "data", port=port, registration="open", rate_limit="100000/minute")
    app = bootstrap(settings)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, lifespan="on", ws="websockets-sansio"))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE_S):
        while not server.started:
            await asyncio.sleep(0.01)
    dana = await asyncio.to_thread(Person.register, f"http://127.0.0.1:{port}", "Dana", PASSWORD)
    yield Here(dana.url, dana, app)
    server.should_exit = True
    await serving


ARGS = {f"a{n}": "x" * 300 for n in range(2_500)}
BODIES: dict[str, Callable[[], dict[str, Any]]] = {
    "a long text": lambda: {"type": "checkpoint", "title": "?", "checkpoint": "c", "context": {"artifact": TEXT}},
    "wide arguments": lambda: {"type": "confirmation", "title": "?", "action": {"tool": "t", "args": ARGS}},
    "many small values": lambda: confirmation({"a": [1] * 300_000}),
    "many names": lambda: confirmation({str(n): n for n in range(60_000)}),
    "as many values as there may be": lambda: confirmation({"a": [{"b": n} for n in range(9_000)]}),
    "a wide form": lambda: {"type": "form", "title": "?", "fields": [choice(f"f{n}") for n in range(30)]},
}


def confirmation(args: dict[str, Any]) -> dict[str, Any]:
    return {"type": "confirmation", "title": "?", "action": {"tool": "t", "args": args}}


def choice(name: str) -> dict[str, Any]:
    return {"name": name, "type": "enum", "options": [{"value": f"v{n}", "label": f"L{n}"} for n in range(200)]}


def held_briefly(held: BlockedTime) -> bool:
    return held.longest_s < MOST_S


class TestARequest:
    @pytest.mark.parametrize("what", BODIES)
    async def test_that_asks_does_not_hold_the_loop_nor_does_reading_it(self, here: Here, what: str) -> None:
        body = json.dumps(BODIES[what](), ensure_ascii=False)
        await here.ask({"type": "text", "title": "first"})
        with watch_event_loop() as held:
            asked = await here.post("/api/feedback", body)
            if asked.status_code == 201:
                assert (await here.get(f"/api/feedback/{asked.json()['id']}")).status_code == 200
        assert asked.status_code == (422 if what in ("many small values", "many names") else 201)
        assert held_briefly(held)

    async def test_that_edits_wide_arguments_does_not_hold_the_loop(self, here: Here) -> None:
        asked = await here.ask(confirmation(ARGS))
        body = json.dumps({"action": "edit", "values": dict.fromkeys(ARGS, "y" * 300)})
        with watch_event_loop() as held:
            answered = await here.post(f"/api/feedback/{asked['id']}/answer", body)
        assert answered.status_code == 200
        assert held_briefly(held)

    async def test_for_a_long_log_or_a_long_record_does_not_hold_the_loop(self, here: Here) -> None:
        session_id = (await here.ask({"type": "text", "title": "first"}))["session_id"]
        for _ in range(10):
            await here.context.db.transact(fill, session_id, ROWS // 10)
        with watch_event_loop() as held:
            record = (await here.get(f"/api/sessions/{session_id}/audit")).json()
            assert (await here.get(f"/api/sessions/{session_id}/audit?cursor={record['next']}")).json()["verified"] is True
            assert (await here.get(f"/api/sessions/{session_id}/events")).status_code == 200
            await asyncio.to_thread(here.listen, session_id)
        assert record["verified"] is True
        assert held_briefly(held)

    async def test_for_the_apis_description_does_not_hold_the_loop(self, here: Here) -> None:
        with watch_event_loop() as held:
            assert (await here.get("/openapi.json")).json()["info"]["title"] == "Assent"
        assert held_briefly(held)


def fill(tx: Tx, session_id: str, count: int) -> None:
    for _ in range(count):
        tx.audit(session_id, actor="system", via="api", action="run.completed", subject="run_1", error="x" * 100)
        tx.emit(session_id, TaskStarted(type="task_started", content="x" * 200, run_id="run_1"))


class TestWhatIsWritten:
    async def test_to_slack_and_by_mail_does_not_hold_the_loop(self, here: Here) -> None:
        for body in (confirmation(ARGS), {"type": "checkpoint", "title": "?", "checkpoint": "c", "context": {"artifact": LIST}}):
            question = Question(await here.ask(body), "https://assent.example/x")
            letter = Envelope("agent@example.org", "dana@example.org", "?", "<a@b>")
            with watch_event_loop() as held:
                assert (await render_in_thread(question))["blocks"]
                assert await build_in_thread(letter, lambda: question_page(question))  # noqa: B023
            assert held_briefly(held)


NAMES = {f"n{n}": 1 for n in range(20)}
MAILS = {
    "colons": "approve\n" + ":" * 60_000,
    "a name again and again": "approve\n" + "n1: 5\n" * 10_000,
    "greetings": "approve\n" + "Best\n" * 12_000,
    "short lines": "approve\n" + "a b c\n" * 10_000,
    "marks": "reject " + "* " * 30_000,
}


class TestAMail:
    @pytest.mark.parametrize("what", MAILS)
    async def test_that_answers_at_length_does_not_hold_the_loop(self, what: str) -> None:
        request: dict[str, Any] = {"type": "confirmation", "allowed_actions": ["approve", "reject", "edit"]}
        request |= {"action": {"tool": "t", "args": NAMES, "schema": {}}}
        mail = replace(read_mail(b"From: dana@example.org\r\n\r\n", "agent@example.org", ""), new_text=MAILS[what], certain=True)
        with watch_event_loop() as held:
            assert await parse_in_thread(mail, request, proposed=False)
        assert held_briefly(held)


class TestAModel:
    async def test_that_answers_at_length_about_a_long_thread_does_not_hold_the_loop(self, aimock: Aimock) -> None:
        model = BamlModel(ModelSettings("openai-generic", f"{aimock.url}/v1", "some-model", "sk"))
        engine = BamlEngine(model)
        long = Thread(tuple(Entry("user", {"text": TEXT[:8_000]}) for _ in range(200)))
        aimock.says(json.dumps({"kind": "tool", "tool": "x", "args": {"a": [1] * 30_000}}) + "\nSo.")
        await BamlLanguage(model).summarize(Thread((Entry("user", {"text": "hello"}),)))
        with watch_event_loop() as held:
            step, _ = await engine.next_step(long, [])
        assert step.kind == "tool"
        assert held_briefly(held)
