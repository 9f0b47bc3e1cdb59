"""The headers of answers as the OpenAPI document declares them."""

from typing import Any

from serving.etags import NOT_MODIFIED


def declare_headers(responses: dict[str, Any]) -> None:
    """Add to the responses of an operation the headers each has: the request id on all, a name where one is held."""
    for status, response in responses.items():
        headers = response.setdefault("headers", {})
        headers["X-Request-Id"] = _told("The id of the request, as in the record: the caller's own, or one made here.")
        if str(NOT_MODIFIED) in responses and status in {"200", str(NOT_MODIFIED)}:
            headers["ETag"] = _told("What this answer is known by; send it as `If-None-Match` to ask for it again.")
        if status == "401":
            headers["WWW-Authenticate"] = _told("Always `Bearer`.")
        if status == "429":
            headers["Retry-After"] = _told("Seconds to wait.", kind="integer")


def _told(description: str, *, kind: str = "string") -> dict[str, Any]:
    return {"description": description, "required": True, "schema": {"type": kind}}
