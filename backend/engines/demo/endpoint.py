"""Serve the demo model as an OpenAI-compatible endpoint on a loopback port, with a key only this process knows."""

import asyncio
import hmac
import json
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from itertools import pairwise
from typing import Any

import uvicorn
from uvicorn.server import ServerState

from backend.engines.demo.program import DemoFailure, DemoText
from backend.engines.demo.read_prompt import NotAPrompt, complete

PATH = "/v1/chat/completions"
BODY_LIMIT = 8_000_000
_BURST = 0.04  # seconds between two pieces of a stream

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class DemoEndpoint:
    """Serves `POST /v1/chat/completions` in the running loop, from `start` to `close`. The key is new with each instance."""

    def __init__(self) -> None:
        self.key = secrets.token_urlsafe(32)
        self.url = ""
        self._state = ServerState()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. Afterwards `url` is the base URL for a client."""
        config = uvicorn.Config(
            self, lifespan="off", ws="none", log_config=None, access_log=False, proxy_headers=False, timeout_keep_alive=60
        )
        config.load()
        protocol: Any = config.http_protocol_class
        # Not uvicorn.Server, which takes over the process's signal handlers and wakes up ten times a second.
        self._server = await asyncio.get_running_loop().create_server(
            lambda: protocol(config=config, server_state=self._state, app_state={}), "127.0.0.1", 0
        )
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def close(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is None:
            return
        self._server.close()
        for task in list(self._state.tasks):
            task.cancel()
        for connection in list(self._state.connections):
            connection.transport.abort()
        await self._server.wait_closed()
        self._server = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if not hmac.compare_digest(_header(scope, b"authorization"), b"Bearer " + self.key.encode()):
            await _respond(send, 401, _error("the demo model answers only the process that runs it"))
        elif scope["path"] != PATH or scope["method"] != "POST":
            await _respond(send, 404, _error(f"only POST {PATH} is served"))
        else:
            await _answer(await _read_body(receive), receive, send)


async def _answer(body: bytes, receive: Receive, send: Send) -> None:
    try:
        request = json.loads(body)
        words = complete(request["messages"])
    except DemoFailure:
        await _respond(send, 500, _error("the demo model was told to fail"))
    except (NotAPrompt, ValueError, KeyError, TypeError, AttributeError) as error:
        await _respond(send, 400, _error(f"not a request the demo model can read: {type(error).__name__}"))
    else:
        usage = _usage(body, words.text)
        if request.get("stream"):
            await _stream(words, usage, receive, send)
        else:
            await _respond(send, 200, _completion(words.text, usage))


async def _stream(words: DemoText, usage: dict[str, int], receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    gone = asyncio.ensure_future(receive())
    try:
        for index, piece in enumerate(pieces(words)):
            if index:
                await asyncio.sleep(_BURST)
            if gone.done():
                return
            await _event(send, _chunk({"content": piece}, None))
        await _event(send, {**_chunk({}, "stop"), "usage": usage})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})
    finally:
        gone.cancel()


def pieces(words: DemoText) -> list[str]:
    """Split the text into pieces that match its pace when one is sent per burst."""
    size = max(1, round(words.pace * _BURST))
    starts = [match.start() for match in re.finditer(r"\S+", words.text)]
    cuts = [0, *starts[size::size], len(words.text)]
    return [words.text[begin:end] for begin, end in pairwise(cuts) if end > begin]


async def _event(send: Send, data: dict[str, Any]) -> None:
    await send({"type": "http.response.body", "body": f"data: {json.dumps(data)}\n\n".encode(), "more_body": True})


async def _read_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body") or len(body) > BODY_LIMIT:
            return bytes(body)


async def _respond(send: Send, status: int, content: dict[str, Any]) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _header(scope: Scope, name: bytes) -> bytes:
    return next((bytes(value) for key, value in scope["headers"] if key == name), b"")


def _usage(prompt: bytes, text: str) -> dict[str, int]:
    asked, told = len(prompt) // 4, len(text.encode()) // 4 + 1
    return {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}


def _completion(text: str, usage: dict[str, int]) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"id": "demo", "object": "chat.completion", "created": 0, "model": "assent-demo", "choices": [choice], "usage": usage}


def _chunk(delta: dict[str, str], finish: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "demo", "object": "chat.completion.chunk", "created": 0, "model": "assent-demo", "choices": [choice]}


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "demo_model"}}
