"""The routes of feedback and corrections. Every write carries an Idempotency-Key: sent twice, it is kept once."""

from typing import Annotated

from fastapi import FastAPI, Header, Query, Response

from serving import corrections, feedback
from serving.corrections import CorrectionsAsked
from serving.feedback import Book, Sent
from serving.feedback_messages import (
    AboutPerson,
    CorrectionPage,
    CorrectionRequest,
    CorrectionStateRequest,
    Cursor,
    FeedbackPage,
    FeedbackRequest,
    Kept,
    ReviewRequest,
)
from serving.guard import Visiting
from serving.messages import Language, Purpose
from serving.routing import ABOUT_A_PERSON, Accepted, answer, problems

KEY = Header(
    alias="Idempotency-Key",
    pattern=r"^[A-Za-z0-9._-]{8,64}$",
    description="Sent again with the same body, the answer is that of the first time; with another body, 422.",
)
Key = Annotated[str, KEY]
CREATED = 201


def add(app: FastAPI, book: Book) -> None:
    """Add the routes."""
    app.state.book = book
    _add_feedback(app, book)
    _add_corrections(app, book)


def _add_feedback(app: FastAPI, book: Book) -> None:
    @app.post(
        "/v1/feedback",
        response_model=Kept,
        status_code=CREATED,
        responses=problems(*ABOUT_A_PERSON, 451),
        summary="Say what became of a person, agree or not, set another level, put off, or remark",
        tags=["feedback"],
    )
    def give(visit: Visiting, body: FeedbackRequest, key: Key, accept_language: Accepted = "") -> Response:
        """Feedback, kept beside the person's history and never in it.

        `kind` says which: what became of the person, an opinion on a score and its reasons, another level of support
        for a time, putting off, or a remark.
        """
        wording = book.desk.wording(body.language, accept_language)
        return answer(feedback.add(book, body, Sent(visit, key, wording)), status=CREATED)

    @app.post(
        "/v1/feedback:read",
        response_model=FeedbackPage,
        responses=problems(*ABOUT_A_PERSON, 409, 451),
        summary="What was said of a person, the newest first",
        tags=["feedback"],
    )
    def read(visit: Visiting, body: AboutPerson, accept_language: Accepted = "") -> Response:
        """The feedback about a person, with what a lead said to it and whether it still holds, page by page."""
        return answer(feedback.page(book, body, visit, book.desk.wording(body.language, accept_language)))

    @app.post(
        "/v1/feedback:review",
        response_model=Kept,
        status_code=CREATED,
        responses=problems(*ABOUT_A_PERSON, 451),
        summary="A lead's word on feedback: it stands, or it is lifted",
        tags=["feedback"],
    )
    def review(visit: Visiting, body: ReviewRequest, key: Key, accept_language: Accepted = "") -> Response:
        """A lead confirms feedback of the own station, or lifts an override or a putting off: it holds no longer."""
        wording = book.desk.wording(body.language, accept_language)
        return answer(feedback.review(book, body, Sent(visit, key, wording)), status=CREATED)


def _add_corrections(app: FastAPI, book: Book) -> None:
    @app.post(
        "/v1/corrections",
        response_model=Kept,
        status_code=CREATED,
        responses=problems(*ABOUT_A_PERSON, 451),
        summary="Ask for a record to be put right; kept for its source",
        tags=["corrections"],
    )
    def ask(visit: Visiting, body: CorrectionRequest, key: Key, accept_language: Accepted = "") -> Response:
        """That a record is said to be wrong, and what should be right.

        The history itself changes only when the source of the record sends a correction.
        """
        wording = book.desk.wording(body.language, accept_language)
        return answer(corrections.add(book, body, Sent(visit, key, wording)), status=CREATED)

    @app.post(
        "/v1/corrections:state",
        response_model=Kept,
        status_code=CREATED,
        responses=problems(*ABOUT_A_PERSON, 409, 451),
        summary="Say how far a correction has come",
        tags=["corrections"],
    )
    def move(visit: Visiting, body: CorrectionStateRequest, key: Key, accept_language: Accepted = "") -> Response:
        """That a correction was sent to its source, carried out or rejected; after the last two nothing follows."""
        wording = book.desk.wording(body.language, accept_language)
        return answer(corrections.move(book, body, Sent(visit, key, wording)), status=CREATED)

    @app.get(
        "/v1/corrections",
        response_model=CorrectionPage,
        responses=problems(401, 403, 404, 405, 409, 421, 422, 429, 500, 503),
        summary="Corrections asked for and how far they have come, the newest first",
        tags=["corrections"],
    )
    def listed(  # noqa: PLR0913, PLR0917 (each is a parameter of the query)
        visit: Visiting,
        purpose: Annotated[Purpose, Query(description="Why they are read.")],
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
        cursor: Annotated[Cursor, Query()] = None,
        language: Language | None = None,
        accept_language: Accepted = "",
    ) -> Response:
        """The corrections asked for, of the persons the caller may read about, page by page."""
        asked = CorrectionsAsked(purpose, limit, cursor)
        return answer(corrections.page(book, asked, visit, book.desk.wording(language, accept_language)))
