"""Ask a running service over HTTP, as a station's own system would, with nothing but the standard library."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

from features.errors import WaystationError

TIMEOUT_SECONDS = 30


class NotAnsweredError(WaystationError):
    """The service refused, or did not answer in time."""


def wait_until_ready(host: str, port: int, *, seconds: float, alive: Callable[[], bool]) -> None:
    """Return once `/readyz` answers 200; NotAnsweredError when the time is over or `alive()` says no."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if _get(host, port, "/readyz", {})[0] == 200:
                return
        except OSError:
            pass  # not listening yet
        if not alive():
            raise NotAnsweredError("the service ended before it was ready; its own messages above say why.")
        time.sleep(0.2)
    raise NotAnsweredError(f"the service was not ready within {seconds:.0f} seconds.")


def score(host: str, port: int, question: Mapping[str, Any], *, language: str) -> dict[str, Any]:
    """The answer of `POST /v1/scores`."""
    connection = HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    headers = {"Content-Type": "application/json", "Accept-Language": language}
    connection.request("POST", "/v1/scores", json.dumps(question), headers)
    return _answer(*_taken(connection))


def forecast(host: str, port: int, *, as_of: str, weeks: int, level: str, language: str) -> dict[str, Any]:
    """The answer of `GET /v1/hotspots`."""
    path = f"/v1/hotspots?as_of={as_of}&weeks={weeks}&level={level}"
    return _answer(*_get(host, port, path, {"Accept-Language": language}))


def _get(host: str, port: int, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    connection = HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    connection.request("GET", path, headers=dict(headers))
    return _taken(connection)


def _taken(connection: HTTPConnection) -> tuple[int, bytes]:
    with closing(connection):
        response = connection.getresponse()
        return response.status, response.read()


def _answer(status: int, body: bytes) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(body)
    if status != 200:
        raise NotAnsweredError(
            f"the service answered {status}: {told.get('title', '')} {told.get('detail', '')}".strip()
        )
    return told
