"""One question over HTTP and its answer, or the refusal: what every operation of the client in Python goes through."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Never, TypeVar
from urllib.parse import urlencode, urlsplit

from pydantic import BaseModel, ValidationError

from features.errors import ConfigError, WaystationError
from serving.messages import Problem

Answer = TypeVar("Answer", bound=BaseModel)
Query = Mapping[str, object]
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
class Line:
    """The service at an address, and the key it is asked with; `language` is zh-CN or en."""

    address: str
    key: str
    language: str = "zh-CN"
    timeout_seconds: float = 60.0

    def __post_init__(self) -> None:
        if urlsplit(self.address).scheme not in SCHEMES:
            raise ConfigError(f"client: the address should begin with {' or '.join(SCHEMES)}.")

    def _get(self, kind: type[Answer], path: str, query: Query | None = None) -> Answer:
        return kind.model_validate_json(self._answer("GET", path, query=query))

    def _text(self, path: str, query: Query | None = None) -> str:
        return self._answer("GET", path, query=query).decode("utf-8-sig")

    def _post(self, kind: type[Answer], path: str, body: BaseModel, *, idempotency_key: str | None = None) -> Answer:
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        return kind.model_validate_json(self._answer("POST", path, body=body, headers=headers))

    def _answer(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: BaseModel | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """The body of the answer; RefusedError where the service refuses. What a query says as None is left out."""
        told = {"Authorization": f"Bearer {self.key}", "Accept-Language": self.language, **(headers or {})}
        asked = urlencode({name: value for name, value in (query or {}).items() if value is not None})
        address = f"{self.address.rstrip('/')}{path}" + (f"?{asked}" if asked else "")
        raw = None
        if body is not None:
            raw = body.model_dump_json(exclude_unset=True).encode()
            told["Content-Type"] = "application/json"
        request = urllib.request.Request(address, raw, told, method=method)  # noqa: S310 (checked above)
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=self.timeout_seconds) as answer:
                return bytes(answer.read())
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
