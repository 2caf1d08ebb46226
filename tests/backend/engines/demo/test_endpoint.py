import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from backend.engines.demo.endpoint import DemoEndpoint, pieces
from backend.engines.demo.program import DemoText
from tests.support.waiting import TIMEOUT_S

PROMPT = [
    {"role": "system", "content": "# Task: reply\nBe nice."},
    {"role": "user", "content": 'Thread:\n{"kind": "user", "text": "stream 12"}\n\nNow write the message.'},
]


@pytest.fixture
async def endpoint() -> AsyncIterator[DemoEndpoint]:
    endpoint = DemoEndpoint()
    await endpoint.start()
    yield endpoint
    await endpoint.close()


async def post(endpoint: DemoEndpoint, body: Any, *, key: str | None = None, path: str = "/chat/completions") -> httpx.Response:
    headers = {"authorization": f"Bearer {endpoint.key if key is None else key}"}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
        return await client.post(endpoint.url + path, content=content, headers=headers)


class TestTheEndpoint:
    async def test_answers_as_an_openai_server_does(self, endpoint: DemoEndpoint) -> None:
        response = await post(endpoint, {"model": "any", "messages": PROMPT})
        data = response.json()
        assert response.status_code == 200
        assert len(data["choices"][0]["message"]["content"].split()) == 12
        assert data["choices"][0]["finish_reason"] == "stop"
        assert data["usage"]["total_tokens"] == data["usage"]["prompt_tokens"] + data["usage"]["completion_tokens"] > 0

    async def test_streams_as_an_openai_server_does(self, endpoint: DemoEndpoint) -> None:
        response = await post(endpoint, {"model": "any", "messages": PROMPT, "stream": True})
        events = [line.removeprefix("data: ") for line in response.text.splitlines() if line]
        chunks = [json.loads(event) for event in events[:-1]]
        assert response.headers["content-type"] == "text/event-stream"
        assert events[-1] == "[DONE]"
        assert len("".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks).split()) == 12
        assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
        assert chunks[-1]["usage"]["completion_tokens"] > 0

    @pytest.mark.parametrize("key", ["wrong", "é", "x" * 10_000])
    async def test_answers_nobody_without_its_key(self, endpoint: DemoEndpoint, key: str) -> None:
        headers = [(b"authorization", f"Bearer {key}".encode())]
        async with httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            response = await client.post(f"{endpoint.url}/chat/completions", json={"messages": PROMPT}, headers=headers)
        assert response.status_code == 401
        assert "choices" not in response.json()

    async def test_has_a_new_key_each_time(self, endpoint: DemoEndpoint) -> None:
        assert len(endpoint.key) >= 32
        assert DemoEndpoint().key != endpoint.key

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b"\xff",
            {"messages": []},
            {"messages": [1]},
            {"messages": [{"role": "user", "content": "hi"}]},
            {},
        ],
    )
    async def test_refuses_what_is_not_one_of_the_platforms_prompts(self, endpoint: DemoEndpoint, body: Any) -> None:
        assert (await post(endpoint, body)).status_code == 400

    async def test_serves_one_path_only(self, endpoint: DemoEndpoint) -> None:
        assert (await post(endpoint, {}, path="/models")).status_code == 404

    async def test_fails_when_told_to(self, endpoint: DemoEndpoint) -> None:
        told = [PROMPT[0], {"role": "user", "content": '{"kind": "user", "text": "fail"}'}]
        for stream in (False, True):
            assert (await post(endpoint, {"messages": told, "stream": stream})).status_code == 500

    async def test_is_gone_once_closed(self, endpoint: DemoEndpoint) -> None:
        await endpoint.close()
        with pytest.raises(httpx.ConnectError):
            await post(endpoint, {"messages": PROMPT})


class TestPieces:
    @pytest.mark.parametrize("text", ["", "one", "a b c d e f g h i j", "  spaces  and\n\nlines ", "👩‍🚀 👋 hello " * 20])
    def test_lose_nothing(self, text: str) -> None:
        assert "".join(pieces(DemoText(text))) == text
        assert all(pieces(DemoText(text)))

    def test_come_at_the_pace_of_the_words(self) -> None:
        assert [len(piece.split()) for piece in pieces(DemoText("word " * 10, pace=100))] == [4, 4, 2]
