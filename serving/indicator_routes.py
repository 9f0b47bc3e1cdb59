"""The route of the city indicators."""

from collections.abc import Container, Mapping
from datetime import date

from fastapi import FastAPI, Response

from serving.histories import STOPPED_DAYS
from serving.hotspots import names_of
from serving.indicator_messages import CityIndicators, Indicator, IndicatorFigure
from serving.indicators import CITY, Answer, Figure, Indicators, Shown
from serving.messages import Day, Language
from serving.routing import Accepted, answer, problems
from serving.wording import Wording


def add(app: FastAPI, made: Indicators) -> None:
    """Add the route."""

    @app.get(
        "/v1/indicators",
        response_model=CityIndicators,
        responses=problems(401, 403, 405, 421, 422, 429, 500, 503),
        summary="The indicators of the city and its districts by quarter, with intervals",
        tags=["indicators"],
    )
    def indicators(as_of: Day, language: Language | None = None, accept_language: Accepted = "") -> Response:
        """The indicators of the last quarter that was over by `as_of`, and of those before it.

        For the city and each district, with intervals. Shares of few persons are left out.
        """
        told, wording = made.at(as_of), made.desk.wording(language, accept_language)
        names = {**names_of(told.areas, wording.language), CITY: wording.warning("city")}
        return answer(
            CityIndicators(
                indicators=[_indicator(each, names, told.stopped, wording) for each in told.indicators],
                as_of=told.last_day,
                note=wording.indicator("note"),
                stopped=stopped_text(told, wording),
                language=wording.language,  # type: ignore[arg-type]
                snapshot=told.snapshot,
            )
        )


def stopped_text(told: Answer, wording: Wording) -> str | None:
    """That the records of all had stopped long before the end of the last quarter, in words; None: they had not."""
    return wording.text("indicators", "stopped", days=STOPPED_DAYS) if told.last_day in told.stopped else None


def _indicator(shown: Shown, names: Mapping[str, str], stopped: Container[date], wording: Wording) -> Indicator:
    return Indicator(
        code=shown.code,
        name=wording.indicator(shown.code),
        definition=wording.indicator(f"{shown.code}_is"),
        trend=[_figure(each, names, stopped) for each in shown.trend],
        districts=[_figure(each, names, stopped) for each in shown.districts],
    )


def _figure(figure: Figure, names: Mapping[str, str], stopped: Container[date]) -> IndicatorFigure:
    low, high = figure.interval or (None, None)
    return IndicatorFigure(
        area_id=figure.area_id,
        name=names.get(figure.area_id, figure.area_id),
        first_day=figure.first_day,
        last_day=figure.last_day,
        numerator=figure.numerator,
        denominator=figure.denominator,
        share=figure.share,
        low=low,
        high=high,
        stopped=figure.last_day in stopped,
    )
