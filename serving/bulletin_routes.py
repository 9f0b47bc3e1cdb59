"""The route of the station bulletin: a page that stands for itself, without scripts and without persons."""

from fastapi import FastAPI, Response

from serving.bulletin_page import page_of
from serving.bulletins import Bulletins
from serving.html import HTML, PAGE
from serving.messages import Day, Language
from serving.routing import Accepted, problems


def add(app: FastAPI, bulletins: Bulletins) -> None:
    """Add the route."""

    @app.get(
        "/v1/bulletin",
        response_class=Response,
        responses={**PAGE, **problems(401, 403, 405, 421, 422, 429, 500, 503)},
        summary="The four-colour bulletin of the stations' work in a half-month",
        tags=["bulletin"],
    )
    def bulletin(until: Day, language: Language | None = None, accept_language: Accepted = "") -> Response:
        """The bulletin of the half-month that ends on `until`, as it was known then, a page of HTML to print.

        `until` is the 15th or the last day of a month that is over. No person is in it.
        """
        wording = bulletins.desk.wording(language, accept_language)
        page = page_of(bulletins.of(until), bulletins.names(wording.language), wording)
        return Response(page, media_type=HTML, headers={"Content-Language": wording.language})
