"""The routes of the promoted models and their cards. Nothing of a person is in them."""

from typing import Annotated, Any

from fastapi import FastAPI, Path, Response
from fastapi.responses import JSONResponse

from serving import models
from serving.card_page import card_page
from serving.desk import Desk
from serving.etags import SAME, IfNoneMatch, etag_of, headers_of, holds, not_modified
from serving.html import PAGE
from serving.messages import Language
from serving.models import PromotedModels
from serving.routing import JSON, Accepted, answer, problems

Name = Annotated[str, Path(pattern=r"^[^\sA-Z\x00-\x1f/]{1,64}$", description="The registered name of a model.")]
PROBLEMS = problems(401, 403, 404, 405, 421, 422, 429, 500, 503, unknown="No promoted model has that name")
PLAIN: dict[int | str, dict[str, Any]] = {
    200: {"description": "The card as it was promoted", "content": {JSON: {"schema": {"type": "object"}}}}
}


def add(app: FastAPI, desk: Desk) -> None:
    """Add the routes."""

    @app.get(
        "/v1/models",
        response_model=PromotedModels,
        responses=problems(401, 403, 405, 421, 422, 429, 500, 503),
        summary="The models that answer now",
        tags=["models"],
    )
    def listed() -> Response:
        """The models that answer now, and why a newer promoted one does not answer in its place."""
        return answer(models.promoted(desk.champions))

    @app.get(
        "/v1/models/{name}/card",
        response_class=Response,
        responses={**PLAIN, **SAME, **PROBLEMS},
        summary="The card of a model: what it is for, from what it was made, how it did",
        tags=["models"],
    )
    def card(name: Name, if_none_match: IfNoneMatch = "") -> Response:
        """The card as it was promoted, its digest checked again.

        With `If-None-Match` an unchanged one is not sent again.
        """
        champion = models.champion_of(desk.champions, name)
        tag = etag_of(champion.digest, "card")
        if holds(if_none_match, tag):
            return not_modified(tag)
        return JSONResponse(dict(models.card_of(desk.champions, champion).content), headers=headers_of(tag))

    @app.get(
        "/v1/models/{name}/card.html",
        response_class=Response,
        responses={**PAGE, **PROBLEMS},
        summary="The same card as a page",
        tags=["models"],
    )
    def page(name: Name, language: Language | None = None, accept_language: Accepted = "") -> Response:
        """The same card for people to read, without scripts: with its plots, as it was made at training."""
        return card_page(desk.champions, name, desk.wording(language, accept_language))
