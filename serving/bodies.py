"""The body of a request as JSON, read under caps and strictly: what the standard library lets pass is refused here.

Counted while it streams in, so that neither a missing nor a false length helps; UTF-8 only; one value for a key;
every number finite; no deeper than any of our messages.
"""

import json
import math
from collections.abc import Iterator
from typing import Any

from anyio import to_thread
from starlette.requests import ClientDisconnect, Request

from serving.problems import MOST_FAULTS, Fault, ProblemError, path_of

DEEPEST = 16
PARSED_IN_PLACE_BYTES = 65_536
HEARD_OUT_BYTES = 16 * 1_048_576
NUMBER_RULE = "finite_number"

Path = tuple[object, ...]


class CheckedRequest(Request):
    """A request whose body was read and parsed under our rules; FastAPI asks it and gets no other."""

    checked_body: bytes
    checked_json: Any

    async def body(self) -> bytes:
        """The bytes of the body."""
        return self.checked_body

    async def json(self) -> Any:
        """The parsed body."""
        return self.checked_json


async def checked(request: Request, *, most_bytes: int) -> CheckedRequest:
    """The request with its body read and parsed; ProblemError when it breaks a rule."""
    raw = await _read(request, most_bytes)
    _refuse_other_types(request)
    better = CheckedRequest(request.scope, request.receive)
    better.checked_body = raw
    # Parsing a large body holds the loop for too long.
    better.checked_json = parse(raw) if len(raw) < PARSED_IN_PLACE_BYTES else await to_thread.run_sync(parse, raw)
    return better


def parse(raw: bytes) -> Any:
    """The value of a JSON text; ProblemError names the rule it breaks."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_no_duplicates)
    except RecursionError:
        raise ProblemError("too_deep", slots={"most": DEEPEST}) from None
    except ValueError:  # broken UTF-8 and broken JSON, and numbers of thousands of digits
        raise ProblemError("broken_json") from None
    faults = [fault for _, fault in zip(range(MOST_FAULTS), _faults(value), strict=False)]
    if faults:
        raise ProblemError("invalid", tuple(faults))
    if not isinstance(value, dict):
        raise ProblemError("broken_json")
    return value


def _refuse_other_types(request: Request) -> None:
    kind, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if kind.strip().lower() != "application/json" or charset not in {"", "charset=utf-8"} or encoding != "identity":
        raise ProblemError("wrong_content_type")


async def _read(request: Request, most_bytes: int) -> bytes:
    """The body; one over the cap is read on and forgotten for a while, for who is still sending hears no answer."""
    kept, n_read = bytearray(), 0
    try:
        async for chunk in request.stream():
            n_read += len(chunk)
            if n_read <= most_bytes:
                kept += chunk
            elif n_read > most_bytes + HEARD_OUT_BYTES:
                break
    except ClientDisconnect:  # nobody hears the answer, but log and record say what it was
        raise ProblemError("cut_off") from None
    if n_read > most_bytes:
        raise ProblemError("body_too_large", slots={"most": most_bytes})
    return bytes(kept)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ProblemError("duplicate_key", (Fault(path_of([twice]), "unique_key"),))
    return found


def _faults(value: Any) -> Iterator[Fault]:
    waiting: list[tuple[Any, Path]] = [(value, ())]
    while waiting:
        each, path = waiting.pop()
        if len(path) > DEEPEST:
            raise ProblemError("too_deep", slots={"most": DEEPEST})
        if isinstance(each, float) and not math.isfinite(each):
            yield Fault(path_of(path), NUMBER_RULE)
        elif isinstance(each, str) and not _is_text(each):
            yield Fault(path_of(path), "unicode_text")
        elif isinstance(each, dict):
            yield from (Fault(path_of([*path, "key"]), "unicode_text") for name in each if not _is_text(name))
            waiting.extend((inner, (*path, name)) for name, inner in each.items())
        elif isinstance(each, list):
            waiting.extend((inner, (*path, place)) for place, inner in enumerate(each))


def _is_text(text: str) -> bool:
    """Whether it can be written as UTF-8: JSON may spell half a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
