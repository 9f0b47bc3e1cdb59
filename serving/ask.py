"""Ask a running service over HTTP, as a station's own system would, with nothing but the standard library."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPConnection
from typing import Any

from features.errors import WaystationError

TIMEOUT_SECONDS = 30


class NotAnsweredError(WaystationError):
    """The service refused, or did not answer in time."""


@dataclass(frozen=True)
class Service:
    """A service at an address, and the key it is asked with."""

    host: str
    port: int
    key: str = ""

    def wait_until_ready(self, *, seconds: float, alive: Callable[[], bool]) -> None:
        """Return once `/readyz` answers 200; NotAnsweredError when the time is over or `alive()` says no."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                if self._get("/readyz", {})[0] == HTTPStatus.OK:
                    return
            except OSError:
                pass  # not listening yet
            if not alive():
                raise NotAnsweredError("the service ended before it was ready; its own messages say why.")
            time.sleep(0.2)
        raise NotAnsweredError(f"the service was not ready within {seconds:.0f} seconds.")

    def score(self, question: Mapping[str, Any], *, language: str) -> dict[str, Any]:
        """The answer of `POST /v1/scores`."""
        connection = self._connect()
        headers = {"Content-Type": "application/json", "Accept-Language": language, **self._who()}
        connection.request("POST", "/v1/scores", json.dumps(question), headers)
        return _answer(*_taken(connection))

    def forecast(self, *, as_of: str, weeks: int, level: str, language: str) -> dict[str, Any]:
        """The answer of `GET /v1/hotspots`."""
        path = f"/v1/hotspots?as_of={as_of}&weeks={weeks}&level={level}"
        return _answer(*self._get(path, {"Accept-Language": language, **self._who()}))

    def _who(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"} if self.key else {}

    def _get(self, path: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
        connection = self._connect()
        connection.request("GET", path, headers=dict(headers))
        return _taken(connection)

    def _connect(self) -> HTTPConnection:
        return HTTPConnection(self.host, self.port, timeout=TIMEOUT_SECONDS)


def _taken(connection: HTTPConnection) -> tuple[int, bytes]:
    with closing(connection):
        response = connection.getresponse()
        return response.status, response.read()


def _answer(status: int, body: bytes) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(body)
    if status != HTTPStatus.OK:
        said = f"{told.get('title', '')} {told.get('detail', '')}".strip()
        raise NotAnsweredError(f"the service answered {status}: {said}")
    return told
