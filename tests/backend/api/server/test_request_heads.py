"""What a proxy and we could cut into different requests is told apart from what is merely unusual."""

import pytest

from backend.api.server.request_heads import ambiguity

GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
AMBIGUOUS = {
    "both lengths": GET + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
    "both lengths, in any case": GET + b"transfer-ENCODING: chunked\r\ncontent-length: 0\r\n\r\n",
    "two equal lengths": GET + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\n",
    "a list of lengths": GET + b"Content-Length: 4, 4\r\n\r\n",
    "a folded header": GET + b"X: a\r\n b\r\n\r\n",
    "a folded encoding": GET + b"Transfer-Encoding:\r\n chunked\r\n\r\n",
    "a folded end": GET + b"X: a\r\n\t\r\n\r\n",
    "bare line feeds": GET.replace(b"\r\n", b"\n") + b"\n",
    "one bare line feed": GET + b"A: b\nContent-Length: 4\r\n\r\n",
    "a bare end": GET + b"\n",
    "chunks for an old version": b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
}
PLAIN = {
    "a head": GET + b"\r\n",
    "one length": GET + b"Content-Length: 4\r\n\r\nbody",
    "chunks": GET + b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    "names that only contain one": GET + b"X-Content-Length: 1\r\nX-Transfer-Encoding: 2\r\nContent-Length: 0\r\n\r\n",
    "a body like a head": GET + b"Content-Length: 60\r\n\r\nContent-Length: 1\nTransfer-Encoding: chunked\n\n",
    "half a head": GET + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("received", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_says_what_is_ambiguous(received: bytes) -> None:
    assert ambiguity(received)


@pytest.mark.parametrize("received", PLAIN.values(), ids=PLAIN)
def test_says_nothing_of_what_is_plain(received: bytes) -> None:
    assert ambiguity(received) is None
