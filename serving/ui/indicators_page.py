"""The indicators of the city: each with its definition, its numbers, its course and its districts."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from datetime import date

from markupsafe import Markup
from starlette.responses import Response

from models.counts import SMALLEST_SHOWN
from serving.histories import STOPPED_DAYS
from serving.hotspots import names_of
from serving.indicator_routes import stopped_text
from serving.indicators import Figure, Indicators, Shown
from serving.ui import days
from serving.ui.charts import shares_chart
from serving.ui.stopped import stopped
from serving.ui.texts import Texts
from serving.ui.view import View


@dataclass(frozen=True)
class Line:
    """A figure in words: its name, share, interval and numbers."""

    name: str
    share: str
    interval: str
    numbers: str


@dataclass(frozen=True)
class Panel:
    """One indicator as the page shows it; `stopped` says so where the records had, by the last quarter."""

    code: str
    name: str
    definition: str
    latest: Line
    stopped: str
    quarters: tuple[Line, ...]
    chart: Markup
    districts: tuple[Line, ...]


class IndicatorsPage:
    """The page; its figures are those of the route."""

    def __init__(self, made: Indicators) -> None:
        self._made = made

    def page(self, view: View) -> Response:
        """The page."""
        as_of = days.as_of(view, latest=days.last_known_day(view, "events"))
        told = self._made.at(as_of)
        names = names_of(told.areas, view.language)
        return view.page(
            "indicators.html",
            wanted=as_of,
            note=view.wording.indicator("note"),
            quarter=_quarter(told.indicators[0].latest, view.texts),
            stopped=stopped(view, as_of=as_of, by_then=stopped_text(told, view.wording)),
            smallest=SMALLEST_SHOWN,
            panels=[panel(view, each, names, told.stopped) for each in told.indicators],
            as_of=told.last_day,
        )


def panel(view: View, shown: Shown, names: Mapping[str, str], silent: Container[date]) -> Panel:
    """An indicator in the reader's words; `names` are those of areas.

    Quarters that end on a day of `silent` are marked and are a gap in the course: what ends there are the records.
    """
    name = view.wording.indicator(shown.code)
    told = [replace(each, numerator=None) if each.last_day in silent else each for each in shown.trend]
    points = [(_short_quarter(each, view.texts), each.share, each.interval) for each in told]
    marks = {each.last_day: _mark(each, silent, view.texts) for each in shown.trend}
    return Panel(
        code=shown.code,
        name=name,
        definition=view.wording.indicator(f"{shown.code}_is"),
        latest=_line(shown.latest, name, view.texts),
        stopped=marks[shown.latest.last_day],
        quarters=tuple(
            _line(each, _quarter(each, view.texts) + marks[each.last_day], view.texts) for each in shown.trend[::-1]
        ),
        chart=shares_chart(points, view.texts("indicators.chart", name=name)),
        districts=tuple(_line(each, names.get(each.area_id, each.area_id), view.texts) for each in shown.districts),
    )


def _line(figure: Figure, name: str, texts: Texts) -> Line:
    if figure.interval is None:
        return Line(name, texts("indicators.not_told"), texts("words.none"), texts("words.none"))
    low, high = (f"{100 * end:.1f}%" for end in figure.interval)
    numbers = texts("indicators.numbers", numerator=figure.numerator, denominator=figure.denominator)
    return Line(name, f"{100 * (figure.share or 0.0):.1f}%", texts("indicators.interval", low=low, high=high), numbers)


def _mark(figure: Figure, silent: Container[date], texts: Texts) -> str:
    """That the records of all had stopped by the end of a quarter; nothing where they had not."""
    return texts("indicators.stopped", days=STOPPED_DAYS) if figure.last_day in silent else ""


def _quarter(figure: Figure, texts: Texts) -> str:
    return texts("indicators.quarter", year=figure.last_day.year, quarter=figure.last_day.month // 3)


def _short_quarter(figure: Figure, texts: Texts) -> str:
    """A quarter as short as its neighbours below a chart leave room for."""
    return texts("indicators.short_quarter", year=f"{figure.last_day:%y}", quarter=figure.last_day.month // 3)
