"""Hostile requests, made by a seed: each sort in its turn, so that any number of them holds all sorts.

Every value that could be a person's holds the canary, which must come back in no refusal and stand in no log.
"""

import gzip
import json
import random
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from tests.serving_helpers import CANARY, QUESTION

JSON = "application/json"
BOMB_BYTES = 64 * 1_048_576
EVENT = {"occurred_on": "2024-01-01", "known_on": "2024-01-02", "kind": "urine_test", "outcome": "negative"}
STORED = {**QUESTION, "person_id": CANARY}
SENT_ALONG = {
    **QUESTION,
    "person": {"birth_year": 1980, "education": CANARY},
    "status": {"sealed": False, "objected": False, "abstinent_three_years": False},
    "events": [EVENT, {**EVENT, "station_id": CANARY}],
}
BATCH = {**QUESTION, "person_ids": [CANARY, "P003", CANARY]}
GOOD = (("/v1/scores", STORED), ("/v1/scores", SENT_ALONG), ("/v1/scores:batch", BATCH))
ODD_NUMBERS = (
    b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"-0", b"0.1e-999", b"9" * 400, b"1" + b"0" * 5000, b"01",
    b"+1", b"1.", b".5", b"0x10", b"1_000", "１２".encode(), b"1e400000000000", b"9223372036854775808", b"4e-324",
)  # fmt: skip
ODD_TEXTS = (
    "", "\x00", "\u202e" + CANARY, "💥" * 40, CANARY * 2000, "' OR 1=1 --", "${jndi:ldap://127.0.0.1/x}", "{{7*7}}",
    "../../etc/passwd", "<script>alert(1)</script>", "%s%n%x", "a\r\nSet-Cookie: b=c", "\u0130\u0131", "e\u0301" * 70,
    "\ufeff" + CANARY, "NaN", "null", "2024-02-30", "0000-00-00", "9999-12-31", "2024-06-01T00:00:00Z",
)  # fmt: skip
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-7", "gb18030", "shift_jis", "utf-8-sig", "cp037", "iso2022_jp")


@dataclass(frozen=True)
class Shot:
    """One hostile request with a body."""

    sort: str
    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": JSON})


Make = Callable[[random.Random], Shot]


def shots(n, *, seed=1):
    """So many hostile requests, the sorts in turn."""
    chance = random.Random(seed)
    for number in range(n):
        make = SORTS[number % len(SORTS)]
        yield make(chance)


def malformed(chance):
    path, good = chance.choice(GOOD)
    text = bytearray(json.dumps(good, ensure_ascii=chance.random() < 0.5).encode())
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(text) or 1)
        match chance.randrange(4):
            case 0:
                del text[place:]
            case 1:
                text[place : place + 1] = chance.randbytes(chance.randint(0, 6))
            case 2:
                text[place:place] = chance.choice([b'"', b"{", b"]", b",", b":", b"\\", b"\x00", b"\xed\xa0\x80"])
            case _:
                del text[place : place + chance.randint(1, 9)]
    return Shot("malformed", path, bytes(text))


def deep(chance):
    depth = chance.choice([15, 16, 17, 100, 1_000, 10_000, 200_000])
    opening, closing = chance.choice([(b"[", b"]"), (b'{"a":', b"}"), (b'[{"events":', b"}]")])
    inner = opening * depth + b"0" + closing * (depth if chance.random() < 0.7 else depth // 2)
    path, good = chance.choice(GOOD)
    return Shot("deep", path, inner if chance.random() < 0.3 else _with(good, chance.choice(list(good)), inner))


def huge(chance):
    path, good = chance.choice(GOOD)
    n = chance.choice([1_000, 10_000, 50_000])
    bodies = (
        lambda: json.dumps({**STORED, "person_id": CANARY * n}),
        lambda: json.dumps({**STORED, **{f"field{each}": CANARY for each in range(n)}}),
        lambda: json.dumps({**SENT_ALONG, "events": [EVENT] * n}),
        lambda: json.dumps({**BATCH, "person_ids": [CANARY] * n}),
        lambda: json.dumps({**BATCH, "person_ids": [f"{CANARY}{each}" for each in range(n)]}),
        lambda: json.dumps(good) + " " * 40 * n,
        lambda: _with(good, "most", b"1" * n).decode(),
    )
    return Shot("huge", path, chance.choice(bodies)().encode())


def wrong_type(chance):
    path, good = chance.choice(GOOD)
    told = json.loads(json.dumps(good))
    for _ in range(chance.randint(1, 3)):
        _put_somewhere(chance, told, _value(chance, depth=2))
    return Shot("wrong type", path, json.dumps(told).encode())


def odd_number(chance):
    path, good = chance.choice(GOOD)
    name = chance.choice([*good, "most", "value", "revision"])
    if name in {"value", "revision"} or chance.random() < 0.3:
        event = _with(EVENT, chance.choice(["value", "revision"]), chance.choice(ODD_NUMBERS))
        return Shot("odd number", "/v1/scores", _with(SENT_ALONG, "events", b"[" + event + b"]"))
    return Shot("odd number", path, _with(good, name, chance.choice(ODD_NUMBERS)))


def odd_text(chance):
    path, good = chance.choice(GOOD)
    told = json.loads(json.dumps(good))
    _put_somewhere(chance, told, chance.choice(ODD_TEXTS))
    return Shot("odd text", path, json.dumps(told, ensure_ascii=chance.random() < 0.5).encode())


def duplicated(chance):
    path, good = chance.choice(GOOD)
    name = chance.choice(list(good))
    text = json.dumps(good)[:-1] + f', "{name}": ' + json.dumps(chance.choice([good[name], CANARY, None])) + "}"
    if chance.random() < 0.3:
        escaped = "".join(f"\\u{ord(each):04x}" for each in name)
        text = json.dumps(good)[:-1] + f', "{escaped}": {json.dumps(good[name])}}}'
    return Shot("duplicated key", path, text.encode())


def wrong_content_type(chance):
    path, good = chance.choice(GOOD)
    kinds = (
        "", "text/plain", "text/json", "application/xml", "application/x-www-form-urlencoded", "application/pdf",
        "application/json; charset=utf-16", "application/json; charset=", "application/json;;;", "json", "*/*",
        "application/json, text/html", "application/x-python-serialize", "multipart/form-data", ";", "a" * 4000,
        "application/octet-stream", "application/msgpack", "image/svg+xml", "application/json; charset=utf-8; a=b",
    )  # fmt: skip
    body = b"\x80\x04\x95c posix\nsystem\n." if chance.random() < 0.2 else json.dumps(good).encode()
    return Shot("wrong content type", path, body, {"Content-Type": chance.choice(kinds)})


def multipart(chance):
    path, good = chance.choice(GOOD)
    parts = [
        b"--x\r\n", b'Content-Disposition: form-data; name="person_id"\r\n\r\n', CANARY.encode(), b"\r\n--x--\r\n",
        b'Content-Disposition: form-data; name="f"; filename="../../x"\r\n', b"--x\r\n" * 200, b"\r\n\r\n",
        json.dumps(good).encode(), b"Content-Length: -1\r\n", chance.randbytes(40),
    ]  # fmt: skip
    body = b"".join(chance.choices(parts, k=chance.randint(1, 12)))
    boundary = chance.choice(["x", "", '"', "x" * 300, "y; boundary=x"])
    return Shot("broken multipart", path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})


def compressed(chance):
    path, good = chance.choice(GOOD)
    text = json.dumps(good).encode()
    coding = chance.choice(["gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip", "compress", "GZIP"])
    body = chance.choice(
        [_bomb, lambda: gzip.compress(text, mtime=0), lambda: zlib.compress(text), lambda: _bomb()[:500]]
    )()
    headers = {"Content-Type": JSON, "Content-Encoding": coding}
    return Shot("compressed", path, body, headers if chance.random() < 0.8 else {"Content-Type": JSON})


def other_encoding(chance):
    path, good = chance.choice(GOOD)
    text = json.dumps({**good, "model": "复吸"}, ensure_ascii=False)
    coding = chance.choice(ENCODINGS)
    told = f"{JSON}; charset={chance.choice(['utf-8', coding])}" if chance.random() < 0.5 else JSON
    return Shot("other encoding", path, text.encode(coding, errors="replace"), {"Content-Type": told})


def nonsense(chance):
    path, _ = chance.choice(GOOD)
    body = json.dumps(_value(chance, depth=4)).encode() if chance.random() < 0.6 else chance.randbytes(200)
    return Shot("nonsense", path, body)


SORTS: tuple[Make, ...] = (
    malformed, deep, huge, wrong_type, odd_number, odd_text, duplicated, wrong_content_type, multipart, compressed,
    other_encoding, nonsense,
)  # fmt: skip


@cache
def _bomb() -> bytes:
    """A few kilobytes that become 64 million bytes of nothing."""
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(1_048_576)) for _ in range(BOMB_BYTES // 1_048_576)) + packer.flush()


def _with(told, name, raw: bytes) -> bytes:
    """The message as JSON with one field spelled as given."""
    fields = {**{key: json.dumps(value).encode() for key, value in told.items()}, name: raw}
    return b"{" + b", ".join(json.dumps(key).encode() + b": " + value for key, value in fields.items()) + b"}"


def _put_somewhere(chance, told, value):
    """Put the value in place of another, at any depth."""
    while True:
        place = chance.choice(list(told) if isinstance(told, dict) else range(len(told)))
        if isinstance(told[place], dict | list) and told[place] and chance.random() < 0.6:
            told = told[place]
            continue
        told[place] = value
        return


def _value(chance, *, depth):
    """Any value JSON has."""
    kinds = 7 if depth else 5
    match chance.randrange(kinds):
        case 0:
            return chance.choice([None, True, False])
        case 1:
            return chance.choice([0, -1, 10**30, -(10**300), 2**53 + 1, chance.randint(-9, 9)])
        case 2:
            return chance.choice([0.5, 1e308, -1e-300, 1.0])
        case 3 | 4:
            return chance.choice(ODD_TEXTS)
        case 5:
            return [_value(chance, depth=depth - 1) for _ in range(chance.randint(0, 4))]
        case _:
            return {chance.choice(["", "a", "person_id", "events", "\u202e"]): _value(chance, depth=depth - 1)}
