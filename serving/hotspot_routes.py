"""The routes of a forecast: GeoJSON for maps and CSV for tables, each with a name it can be asked about by again."""

from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Response

from serving.area_messages import Forecast
from serving.area_record import Made, record
from serving.desk import Desk
from serving.etags import SAME, IfNoneMatch, etag_of, headers_of, holds, not_modified
from serving.guard import Visit, Visiting
from serving.hotspots import ALL_REASONS, Asked, forecast, model_for, row_of
from serving.kept import Kept
from serving.messages import MOST_REASONS, Day, ForecastLevel, Language
from serving.pages import schema_of
from serving.routing import Accepted, problems
from serving.ui.tables import csv_response

MOST_KEPT = 16  # of small cells a whole city is some megabytes
GEOJSON = "application/geo+json"
COLUMNS = (
    "area_id",
    "name",
    "longitude",
    "latitude",
    "as_of",
    "known_by",
    "weeks",
    "level",
    "expected",
    "expected_below",
    "low",
    "high",
    "among_highest",
    "answer_id",
    "noise_epsilon",
)
PROBLEMS = problems(401, 403, 405, 409, 421, 422, 429, 500, 503)
Responses = dict[int | str, dict[str, Any]]
TEXT = {"schema": {"type": "string"}}
TABLE: Responses = {200: {"description": "CSV in UTF-8 with a byte order mark", "content": {"text/csv": TEXT}}}
MAP: Responses = {200: {"description": "GeoJSON", "content": {GEOJSON: {"schema": schema_of("Forecast")}}}}


def add(app: FastAPI, desk: Desk) -> None:
    """Add the routes."""
    forecasts: Kept[Made[Forecast]] = Kept(MOST_KEPT)

    def told_of(wanted: Asked, tag: str, visit: Visit) -> Forecast:
        made = forecasts.get(tag, lambda: forecast(desk, wanted), key_of=lambda made: etag_of_told(made.answer, wanted))
        record(desk, visit, made)
        return made.answer

    def asked(
        as_of: Day,
        weeks: Annotated[int, Query(ge=1, le=52)] = 4,
        level: ForecastLevel = "township",
        language: Language | None = None,
        accept_language: Accepted = "",
    ) -> Asked:
        return Asked(as_of, weeks, level, 0, desk.wording(language, accept_language))

    Question = Annotated[Asked, Depends(asked)]  # noqa: N806 (a type)

    @app.get(
        "/v1/hotspots",
        response_class=Response,
        responses={**MAP, **SAME, **PROBLEMS},
        summary="Expected harm by area in the coming weeks, with its reasons",
        tags=["hotspots"],
    )
    def hotspots(
        visit: Visiting,
        question: Question,
        most: Annotated[int, Query(ge=1, le=MOST_REASONS, description="Reasons of each area.")] = ALL_REASONS,
        if_none_match: IfNoneMatch = "",
    ) -> Response:
        """What is expected of each area in the weeks after `known_by`, as GeoJSON with intervals and reasons.

        All figures are so rounded that no count under ten can be had from them. With `If-None-Match` an unchanged
        forecast is not sent again.
        """
        wanted = Asked(question.as_of, question.weeks, question.level, most, question.wording)
        if holds(if_none_match, tag := etag_now(desk, wanted)):
            return not_modified(tag)
        told = told_of(wanted, tag, visit)
        return Response(told.model_dump_json(), media_type=GEOJSON, headers=headers_of(etag_of_told(told, wanted)))

    @app.get(
        "/v1/hotspots.csv",
        response_class=Response,
        responses={**TABLE, **SAME, **PROBLEMS},
        summary="The same forecast as a table, the areas with most first",
        tags=["hotspots"],
    )
    def table(visit: Visiting, question: Question, if_none_match: IfNoneMatch = "") -> Response:
        """The areas, their expected counts and intervals as CSV, for spreadsheets."""
        if holds(if_none_match, tag := etag_now(desk, question)):
            return not_modified(tag)
        told = told_of(question, tag, visit)
        response = csv_response(COLUMNS, rows_of(told), name=f"forecast-{told.as_of}-{told.level}-{told.weeks}w.csv")
        response.headers.update(headers_of(etag_of_told(told, question)))
        return response


def rows_of(told: Forecast) -> list[tuple[object, ...]]:
    """The areas of a forecast as rows of COLUMNS, the areas with most first."""
    areas = sorted(told.features, key=lambda each: (-each.properties.expected, each.properties.area_id))
    return [tuple(row_of(each, told)[name] for name in COLUMNS) for each in areas]


def etag_now(desk: Desk, asked: Asked) -> str:
    """The ETag the answer would have now; it is not made for that. ProblemError where there is none to make."""
    desk.refuse_the_future(asked.as_of)
    champion, _ = model_for(desk, asked)
    return _etag(champion.digest, desk.histories.snapshot(), asked, desk.settings.noise_epsilon)


def etag_of_told(told: Forecast, asked: Asked) -> str:
    """The ETag of a forecast that was made."""
    return _etag(told.model.digest, told.snapshot, asked, told.noise_epsilon)


def _etag(digest: str, snapshot: str, asked: Asked, epsilon: float | None) -> str:
    return etag_of(digest, snapshot, asked.as_of, asked.weeks, asked.level, asked.most, asked.wording.language, epsilon)
