"""What all routes share: how a message leaves, which problems an operation may answer with, the language header."""

from typing import Annotated, Any

from fastapi import Header, Response

from serving.messages import Message
from serving.pages import MEANINGS, schema_of

JSON, PROBLEM = "application/json", "application/problem+json"
ABOUT_A_PERSON = (400, 401, 403, 404, 405, 408, 413, 415, 421, 422, 429, 500, 503)  # asked for in a body
Accepted = Annotated[str, Header(description="Language of the texts, zh-CN or en, where the request names none.")]


def answer(message: Message, *, status: int = 200) -> Response:
    """A message as it leaves."""
    return Response(message.model_dump_json(), status, media_type=JSON)


def problems(*statuses: int, unknown: str = MEANINGS[404]) -> dict[int | str, dict[str, Any]]:
    """The problems of an operation for the OpenAPI document; `unknown` says what a 404 of it means."""
    schema, meanings = {PROBLEM: {"schema": schema_of("Problem")}}, {**MEANINGS, 404: unknown}
    return {status: {"description": meanings[status], "content": schema} for status in statuses}
