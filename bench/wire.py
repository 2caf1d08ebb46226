"""A lean client: keep-alive HTTP/1.1 and WebSocket text frames over plain streams, so that measuring costs little."""

import asyncio
import base64
import json
import os
import struct
from typing import Any

LIMIT = 64 * 1024 * 1024


class Http:
    """One connection, one request at a time."""

    def __init__(self, port: int, token: str = "") -> None:
        self._port = port
        self._headers = f"Host: 127.0.0.1:{port}\r\n" + (f"Authorization: Bearer {token}\r\n" if token else "")
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def call(self, method: str, path: str, body: Any = None, form: str | None = None) -> Any:
        """The reply's JSON. Raises RuntimeError for any status but 2xx."""
        if self._streams is None or self._streams[0].at_eof():  # an idle connection is closed by the server
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=LIMIT)
        reader, writer = self._streams
        content = form.encode() if form is not None else b"" if body is None else json.dumps(body).encode()
        kind = "application/x-www-form-urlencoded" if form is not None else "application/json"
        head = f"{method} {path} HTTP/1.1\r\n{self._headers}Content-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
        writer.write(head.encode() + content)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length:"))
        reply = await reader.readexactly(length)
        if not head.startswith("HTTP/1.1 2"):
            raise RuntimeError(f"{method} {path}: {head.splitlines()[0]} {reply.decode()[:300]}")
        return json.loads(reply) if reply else None

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class WebSocket:
    """One connection; text only."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int, path: str, token: str = "") -> "WebSocket":
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LIMIT)
        key = base64.b64encode(os.urandom(16)).decode()
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head:
            raise RuntimeError(head.decode())
        return cls(reader, writer)

    def send(self, frame: dict[str, Any]) -> None:
        text = json.dumps(frame).encode()
        size = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + struct.pack("!H", len(text))
        self._writer.write(b"\x81" + size + b"\0\0\0\0" + text)  # a mask of zeros is a mask

    async def receive(self) -> str:
        """The next text; pings are answered on the way."""
        while True:
            first, second = await self._reader.readexactly(2)
            length = second & 0x7F
            if length == 126:
                (length,) = struct.unpack("!H", await self._reader.readexactly(2))
            elif length == 127:
                (length,) = struct.unpack("!Q", await self._reader.readexactly(8))
            payload = await self._reader.readexactly(length)
            match first & 0x0F:
                case 0x1:
                    return payload.decode()
                case 0x8:
                    raise ConnectionError(f"closed {int.from_bytes(payload[:2], 'big')}")
                case 0x9:
                    self._writer.write(bytes([0x8A, 0x80 | length]) + b"\0\0\0\0" + payload)

    async def until(self, mark: str) -> str:
        """The first text that contains `mark`."""
        while mark not in (text := await self.receive()):
            pass
        return text

    def close(self) -> None:
        self._writer.close()
