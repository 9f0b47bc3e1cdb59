"""The routes of a person's score history. The id of a person is in a body, never in an address that proxies log."""

from fastapi import FastAPI, Response

from serving import history_answers
from serving.desk import Desk
from serving.guard import Visiting
from serving.history_messages import ChangesRequest, HistoryRequest, ScoreChanges, ScoreHistory
from serving.routing import ABOUT_A_PERSON, Accepted, answer, problems


def add(app: FastAPI, desk: Desk) -> None:
    """Add the routes."""

    @app.post(
        "/v1/scores:history",
        response_model=ScoreHistory,
        responses=problems(*ABOUT_A_PERSON, 409, 451),
        summary="The scores a person was given, the newest first",
        tags=["scores"],
    )
    def history(visit: Visiting, body: HistoryRequest, accept_language: Accepted = "") -> Response:
        """The scores a person was given over this service, as they were given, page by page.

        Each with the model that gave it and the state of the store it was given in.
        """
        wording = desk.wording(body.language, accept_language)
        return answer(history_answers.history(desk, body, visit, wording))

    @app.post(
        "/v1/scores:changes",
        response_model=ScoreChanges,
        responses=problems(*ABOUT_A_PERSON, 409, 451),
        summary="What changed since a person's last score, in words; another model is told apart",
        tags=["scores"],
    )
    def changes(visit: Visiting, body: ChangesRequest, accept_language: Accepted = "") -> Response:
        """A new score, and what makes it differ from an earlier one.

        Features that add something else now, records that came late, or another model.
        """
        wording = desk.wording(body.language, accept_language)
        return answer(history_answers.changed(desk, body, visit, wording))
