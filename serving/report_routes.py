"""The route of the report for the person concerned: a page to print, without scripts, in the person's language."""

from typing import Annotated

from fastapi import FastAPI, Response
from pydantic import WithJsonSchema

from serving.feedback import Book
from serving.guard import Visiting
from serving.html import HTML, PAGE, environment
from serving.messages import Day, Id, Language, Message, Purpose
from serving.one_person import OWN_REQUEST, About
from serving.report import Report, report
from serving.routing import ABOUT_A_PERSON, Accepted, problems
from serving.wording import Wording


class ReportRequest(Message):
    """For whom the report is. The purpose is `own_request`, no other."""

    person_id: Id
    as_of: Day
    purpose: Annotated[Purpose, WithJsonSchema({"type": "string", "const": OWN_REQUEST})]
    language: Language | None = None


def add(app: FastAPI, book: Book) -> None:
    """Add the route."""

    @app.post(
        "/v1/reports",
        response_class=Response,
        responses={**PAGE, **problems(*ABOUT_A_PERSON)},
        summary="A report for the person concerned: what is held, the score, the reasons, how to contest",
        tags=["report"],
    )
    def make(visit: Visiting, body: ReportRequest, accept_language: Accepted = "") -> Response:
        """A page to print and hand to the person concerned on their own request.

        What is held, the score with its reasons, who may see it, and how to contest it. The purpose is `own_request`.
        """
        wording = book.desk.wording(body.language, accept_language)
        made = report(book, About(body.person_id, body.purpose, body.as_of, wording), visit)
        return Response(page_of(made, wording), media_type=HTML, headers={"Content-Language": wording.language})


def page_of(made: Report, wording: Wording) -> str:
    """The report as a page; everything in it is escaped."""

    def text(key: str, **slots: object) -> str:
        return wording.text("report", key, **slots)

    return environment().get_template("report.html").render(report=made, text=text, day=wording.day, percent=_percent)


def _percent(risk: float) -> str:
    return f"{100 * risk:.0f}%"
