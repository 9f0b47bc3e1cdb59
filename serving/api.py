"""The HTTP interface: which address answers what. Each answer is recorded before it leaves."""

from typing import Annotated

from fastapi import FastAPI, Query, Response

from serving import (
    bulletin_routes,
    feedback_routes,
    health_routes,
    history_routes,
    hotspot_routes,
    indicator_routes,
    model_routes,
    observed_routes,
    pages,
    report_routes,
    warning_routes,
    worklist_routes,
)
from serving.access import Access
from serving.audit_page import MOST_ENTRIES, AuditPage, Wanted, page
from serving.bulletins import Bulletins
from serving.champions import Resolve
from serving.desk import Desk
from serving.door import Door, StrictRoute, answer_problems
from serving.feedback import Book
from serving.guard import Guard, Visiting
from serving.indicators import Indicators
from serving.limits import Limits
from serving.messages import (
    MOST_EXACT,
    BatchAnswer,
    BatchRequest,
    Code,
    Day,
    Score,
    ScoreRequest,
)
from serving.metrics import Metrics
from serving.notes import NOTES, Notes
from serving.routing import Accepted, answer, problems
from serving.settings import Settings
from serving.tracing import tracer_of_environment
from serving.turns import Turns
from serving.ui import site
from serving.worklist import Worklists

DESCRIPTION = (
    "Explained relapse risk and hotspot forecasts for community drug rehabilitation. "
    "Whoever asks sends a key or token as `Authorization: Bearer ...`; what its role may do is one table. "
    "Scores are an aid to judgement and no ground for sanctions; reasons are not causes."
)
BATCHES_WAITING = 8  # of a second each: who comes after them would wait too long, and is told so at once


def create(settings: Settings, resolve: Resolve) -> FastAPI:
    """The application for a home; `resolve` gives the folder of a tag in the model store."""
    desk, access, metrics = Desk.open(settings, resolve), Access.open(settings), Metrics()
    app = FastAPI(
        title="Waystation", version="1", description=DESCRIPTION, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.router.route_class = StrictRoute
    app.router.redirect_slashes = False  # an address that is not ours is a problem, not a redirect
    app.state.desk = desk
    app.state.guard = Guard(settings, access, Limits(settings.caps), desk.reading.records)
    app.add_middleware(
        Door,
        settings=settings,
        access_is_on=lambda: access.is_on,
        metrics=metrics,
        tracer=tracer_of_environment(),
    )
    answer_problems(app)
    _add_scores(app, desk)
    history_routes.add(app, desk)
    notes = Notes(settings.home.path / NOTES, settings.busy_seconds)
    worklist_routes.add(app, Worklists(desk, notes))
    book = Book(desk, notes)
    feedback_routes.add(app, book)
    report_routes.add(app, book)
    hotspot_routes.add(app, desk)
    warning_routes.add(app, desk)
    observed_routes.add(app, desk)
    made = Indicators(desk)
    indicator_routes.add(app, made)
    bulletins = Bulletins(desk)
    bulletin_routes.add(app, bulletins)
    model_routes.add(app, desk)
    _add_audit(app, settings)
    health_routes.add(app, desk, metrics)
    pages.add(app)
    site.add(app, book, made, bulletins)
    return app


def _add_scores(app: FastAPI, desk: Desk) -> None:
    turns = Turns(BATCHES_WAITING)  # batches at once would share one processor, and each needs a hundred megabytes

    @app.post(
        "/v1/scores",
        response_model=Score,
        responses=problems(400, 401, 403, 404, 405, 408, 409, 413, 415, 421, 422, 429, 451, 500, 503),
        summary="The relapse risk of one person, with its reasons",
        tags=["scores"],
    )
    def score(visit: Visiting, body: ScoreRequest, accept_language: Accepted = "") -> Response:
        """The risk of a stored person, or of one whose history is sent along (machine clients alone).

        Only what was known by the end of `as_of` is used. The answer is recorded before it leaves; where the law
        forbids a score it is 451 with the article.
        """
        return answer(desk.score(body, visit, accept_language=accept_language))

    @app.post(
        "/v1/scores:batch",
        response_model=BatchAnswer,
        responses=problems(400, 401, 403, 405, 408, 413, 415, 421, 422, 429, 500, 503),
        summary="The relapse risks of up to 1,000 stored persons",
        tags=["scores"],
    )
    async def batch(visit: Visiting, body: BatchRequest, accept_language: Accepted = "") -> Response:
        """The risks of many stored persons at once, each recorded.

        Whoever gets no score stands in `refused` with the reason, and is no reason to refuse the others.
        """

        def made() -> Response:
            return answer(desk.batch(body, visit, accept_language=accept_language))

        return await turns.take(made)


def _add_audit(app: FastAPI, settings: Settings) -> None:
    @app.get(
        "/v1/audit",
        response_model=AuditPage,
        responses=problems(401, 403, 405, 421, 422, 429, 500, 503),
        summary="The record of who asked what, entry by entry",
        tags=["audit"],
    )
    def audit(
        after: Annotated[int, Query(ge=0, le=MOST_EXACT, description="Number of the last entry already read.")] = 0,
        limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES)] = 100,
        outcome: Annotated[Code | None, Query(description="Only these: `unusual_volume` are the alarms.")] = None,
        actor: Annotated[str | None, Query(min_length=1, max_length=256, description="Only what this one did.")] = None,
        day: Annotated[Day | None, Query(description="Only of this day, in UTC.")] = None,
    ) -> Response:
        """Entries of the record, oldest first; ask again after the last one received until none come.

        Persons are keyed hashes. That the record was read is recorded as well.
        """
        return answer(page(settings.home.records, Wanted(after, limit, outcome, actor, day)))
