"""The route of a station's worklist."""

from typing import Annotated

from fastapi import FastAPI, Query, Response

from serving.guard import Visiting
from serving.messages import Day, Id, Language, Purpose
from serving.paging import CURSOR, MOST_LISTED
from serving.routing import Accepted, answer, problems
from serving.worklist import AskedFor, Worklists
from serving.worklist_messages import Worklist


def add(app: FastAPI, worklists: Worklists) -> None:
    """Add the route."""
    app.state.worklists = worklists

    @app.get(
        "/v1/worklist",
        response_model=Worklist,
        responses=problems(401, 403, 404, 405, 409, 421, 422, 429, 500, 503),
        summary="The caseload of a station: levels of support, reasons, what is to be done",
        tags=["station"],
    )
    def worklist(  # noqa: PLR0913, PLR0917 (each is a parameter of the query)
        visit: Visiting,
        as_of: Day,
        purpose: Annotated[Purpose, Query(description="Why the list is wanted.")],
        station: Annotated[Id | None, Query(description="Needed where the key names none.")] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 100,
        cursor: Annotated[str | None, Query(pattern=f"^{CURSOR.pattern}$", description="`next` of a page.")] = None,
        language: Language | None = None,
        accept_language: Accepted = "",
    ) -> Response:
        """The persons of one station with their level of support, page by page.

        The highest risk first and those without a score last; what is to be done for each, and by when. That it was
        read, and who was on it, is recorded. Where nothing became known after the as-of date, decisions of people up to
        now hold on the list; the list of an earlier day stays as it stood then.
        """
        wording = worklists.desk.wording(language, accept_language)
        return answer(worklists.page(AskedFor(as_of, purpose, station, limit, cursor, wording), visit))
