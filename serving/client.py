"""A client of the service in Python: questions and answers as the typed messages that the OpenAPI document is made of.

    client = Client("https://waystation.example.org", key)
    told = client.score(ScoreRequest.model_validate({"person_id": "P0001", "as_of": ..., "purpose": "support_plan"}))

Nothing but the standard library and pydantic is needed beside `serving.messages` and `serving.problems`.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Never, TypeVar
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, ValidationError

from features.errors import ConfigError, WaystationError
from serving.messages import (
    AreaLevel,
    BatchAnswer,
    BatchRequest,
    Forecast,
    Problem,
    Ready,
    Score,
    ScoreRequest,
    Warnings,
)

Answer = TypeVar("Answer", bound=BaseModel)
SCHEMES = ("http", "https")


@dataclass
class RefusedError(WaystationError):
    """The service refused: the problem says why, `retry_after_seconds` when to come back, where it is worth it."""

    problem: Problem
    retry_after_seconds: int | None = None

    def __str__(self) -> str:
        """What happened, as the service told it."""
        return f"{self.problem.status}: {self.problem.title} {self.problem.detail}".strip()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A key is for one address; it is carried to no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """No request."""
        return


@dataclass(frozen=True)
class Client:
    """The service at an address, and the key it is asked with; `language` is zh-CN or en."""

    address: str
    key: str
    language: str = "zh-CN"
    timeout_seconds: float = 60.0

    def __post_init__(self) -> None:
        if urlsplit(self.address).scheme not in SCHEMES:
            raise ConfigError(f"client: the address should begin with {' or '.join(SCHEMES)}.")

    def score(self, question: ScoreRequest) -> Score:
        """The risk of one person, stored or with the history sent along; RefusedError when there is none to give."""
        return self._ask(Score, "POST", "/v1/scores", body=question)

    def batch(self, question: BatchRequest) -> BatchAnswer:
        """The risks of up to 1,000 stored persons, and why some have none."""
        return self._ask(BatchAnswer, "POST", "/v1/scores:batch", body=question)

    def forecast(self, as_of: date, *, weeks: int = 4, level: AreaLevel = "township", most: int = 3) -> Forecast:
        """What is expected of each area in the coming weeks."""
        return self._ask(
            Forecast, "GET", "/v1/hotspots", {"as_of": as_of, "weeks": weeks, "level": level, "most": most}
        )

    def warnings(self, as_of: date, *, weeks: int = 4, level: AreaLevel = "township") -> Warnings:
        """Where clearly more came than was forecast."""
        return self._ask(Warnings, "GET", "/v1/warnings", {"as_of": as_of, "weeks": weeks, "level": level})

    def ready(self) -> Ready:
        """That the service can answer; RefusedError when it cannot."""
        return self._ask(Ready, "GET", "/readyz")

    def _ask(
        self,
        kind: type[Answer],
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        *,
        body: BaseModel | None = None,
    ) -> Answer:
        headers = {"Authorization": f"Bearer {self.key}", "Accept-Language": self.language}
        address = f"{self.address.rstrip('/')}{path}" + (f"?{urlencode(query)}" if query else "")
        raw = None
        if body is not None:
            raw = body.model_dump_json(exclude_unset=True).encode()
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(address, raw, headers, method=method)  # noqa: S310 (checked above)
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=self.timeout_seconds) as answer:
                return kind.model_validate_json(answer.read())
        except urllib.error.HTTPError as refused:
            _raise(refused)


def _raise(refused: urllib.error.HTTPError) -> Never:
    """RefusedError with the problem; one of our making where something else answered, such as a proxy."""
    try:
        problem = Problem.model_validate(json.loads(refused.read()))
    except (ValueError, ValidationError):
        problem = Problem(
            type="about:blank", title="No answer of the service", status=refused.code, detail="", instance=""
        )
    after = refused.headers.get("Retry-After", "")
    raise RefusedError(problem, int(after) if after.isascii() and after.isdigit() else None) from None
