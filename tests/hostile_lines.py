"""Hostile requests as bytes on the wire: lines, addresses, headers and lengths that no library would send."""

import json
from collections.abc import Iterator

from tests.hostile import STORED
from tests.serving_helpers import CANARY


def lines():
    """Requests as bytes on the wire: what no library would send. `{key}` stands for a good key."""
    good, host = json.dumps(STORED).encode(), b"Host: 127.0.0.1\r\n"
    who = host + b"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"
    post = b"POST /v1/scores HTTP/1.1\r\n" + who
    size = b"%d" % len(good)
    for path in paths():
        yield b"GET " + path + b" HTTP/1.1\r\n" + who + b"\r\n"
    for method in (
        b"BREW",
        CANARY.encode(),
        b"CONNECT",
        b"TRACE",
        b"OPTIONS",
        b"DELETE",
        b"PUT",
        b"PATCH",
        b"GET",
        b"\x00",
        b"G" * 9000,
    ):
        yield method + b" /v1/scores HTTP/1.1\r\n" + who + b"\r\n"
    for length in (
        b"-1",
        b"\xb2",
        b"1e3",
        b"0x10",
        b"99999999999999999999",
        b"5, 5",
        b"+5",
        b"",
        size + b"\r\nContent-Length: 3",
    ):
        yield post + b"Content-Length: " + length + b"\r\n\r\n" + good
    for coding in (b"chunked", b"gzip, chunked", b"chunked, chunked", b"xchunked", b"identity", b"\x0bchunked"):
        for chunks in (
            b'5\r\n{"a":\r\n0\r\n\r\n',
            b"-5\r\nhello\r\n",
            b"ffffffffffffffff\r\nx",
            b"g\r\n\r\n",
            b"5;a=" + b"x" * 9000,
        ):
            yield post + b"Transfer-Encoding: " + coding + b"\r\n\r\n" + chunks
            yield post + b"Content-Length: 5\r\nTransfer-Encoding: " + coding + b"\r\n\r\n" + chunks
    yield from (post + each + b"\r\nContent-Length: " + size + b"\r\n\r\n" + good for each in headers())
    yield from (
        each + b"\r\n\r\n"
        for each in (
            b"GET /",
            b"",
            b"\x16\x03\x01\x02\x00\x01\x00",
            b"PRI * HTTP/2.0\r\n\r\nSM",
            b"GET / HTTP/9.9",
            b"\r\n" * 50,
        )
    )
    yield (
        b"GET / HTTP/1.1\r\n" + host + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    yield post + b"Expect: 100-continue\r\nContent-Length: " + size + b"\r\n\r\n" + good


def paths() -> Iterator[bytes]:
    """Addresses that try to be another, or none."""
    who = CANARY.encode()
    yield from (
        b"/%ff%fe/%00",
        b"/v1/../v1/scores",
        b"/v1/%2e%2e/%2e%2e/etc/passwd",
        b"//v1/scores",
        b"/v1//scores",
        b"/v1/scores/",
        b"/v1/scores%3abatch",
        b"/v1/scores;x=1",
        b"/V1/SCORES",
        b"/v1/scores%00",
        b"/v1/scores%0d%0aX-A:%20b",
        b"http://evil.example/v1/scores",
        b"*",
        b"/" + b"a/" * 4000,
        b"/v1/persons/" + who,
        b"/v1/hotspots?as_of=" + who,
        b"/v1/hotspots?as_of=%ff&level=%00",
        b"/v1/hotspots?" + b"&".join(b"a%d=1" % each for each in range(3000)),
        b"/v1/hotspots?as_of=2024-06-01&weeks=" + b"9" * 5000,
        b"/v1/audit?after=-1",
        b"/v1/audit?limit=1e9",
        b"/v1/audit?after=9223372036854775808",
        b"/metrics",
        b"/docs.json",
        b"/static/../x",
        b"/v1/warnings?as_of=2024-06-01&level=<script>",
        b"/.env",
        b"/.git/config",
        b"/v1/scores?" + who,
        "/人".encode(),
        b"/%e4%ba%ba",
    )


def headers() -> Iterator[bytes]:
    """Header lines that try to be more than one, or too much."""
    who = CANARY.encode()
    yield from (
        b"X-Request-Id: " + who + b" " + who,
        b"X-Request-Id: " + b"a" * 9000,
        b"X-Request-Id: \xff\x00",
        b"X-Forwarded-For: 127.0.0.1, " + who,
        b"X-Forwarded-Host: evil.example",
        b"X-HTTP-Method-Override: DELETE",
        b"Accept-Language: " + b"x;q=9," * 3000,
        b"Accept-Language: \xff\xfe",
        b"Accept-Language: " + who,
        b"Accept: text/html;q=" + b"9" * 3000,
        b"Cookie: " + b"a=b;" * 3000,
        b"A" * 9000 + b": b",
        b" folded: x",
        b"No-Colon",
        b"Host: evil.example",
        b"Authorization: Bearer " + who,
        b"Authorization: Basic " + b"=" * 5000,
        b"Range: bytes=0-,0-,0-",
        b"If-None-Match: " + b'"' * 5000,
        b"\r\n".join(b"H%d: v" % each for each in range(300)),
        b"Content-Type: text/html",
        b"Traceparent: " + who,
        b"Idempotency-Key: " + b"x" * 7000,
        b"Forwarded: for=" + who,
        b"TE: trailers, deflate",
        b"Null: a\x00b",
        b"Bare: a\rb",
    )
