"""The route of the table of observed counts."""

from typing import Annotated

from fastapi import FastAPI, Query, Response

from serving.desk import Desk
from serving.messages import Language
from serving.observed_counts import AskedYear, observed_counts
from serving.observed_messages import ObservedCounts, ObservedLevel, Period
from serving.routing import Accepted, answer, problems


def add(app: FastAPI, desk: Desk) -> None:
    """Add the route."""

    @app.get(
        "/v1/observed",
        response_model=ObservedCounts,
        responses=problems(401, 403, 405, 409, 421, 422, 429, 500, 503),
        summary="Observed counts of a settled year, by larger areas and longer periods",
        tags=["hotspots"],
    )
    def observed(
        year: Annotated[int, Query(ge=1990, le=9998)],
        level: ObservedLevel = "township",
        by: Period = "year",
        language: Language | None = None,
        accept_language: Accepted = "",
    ) -> Response:
        """Incidents that were counted in a year whose records have settled.

        Counts under ten, and what would give them away by subtraction, are not told.
        """
        return answer(observed_counts(desk, AskedYear(year, level, by, desk.wording(language, accept_language))))
