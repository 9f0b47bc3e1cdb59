"""The indicators of the city: each with its definition, its numbers, its course and its districts."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response

from serving.hotspots import names_of
from serving.indicators import Figure, Indicators, Shown
from serving.ui import days
from serving.ui.charts import shares_chart
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
    """One indicator as the page shows it."""

    code: str
    name: str
    definition: str
    latest: Line
    quarters: tuple[Line, ...]
    chart: Markup
    districts: tuple[Line, ...]


class IndicatorsPage:
    """The page; its figures are those of the route."""

    def __init__(self, made: Indicators) -> None:
        self._made = made

    def page(self, view: View) -> Response:
        """The page."""
        as_of = days.as_of(view, latest=view.desk.settings.today)
        told = self._made.at(as_of)
        names = names_of(told.areas, view.language)
        return view.page(
            "indicators.html",
            wanted=as_of,
            note=view.wording.indicator("note"),
            quarter=_quarter(told.indicators[0].latest, view.texts),
            panels=[panel(view, each, names) for each in told.indicators],
            as_of=told.indicators[0].latest.last_day,
        )


def panel(view: View, shown: Shown, names: Mapping[str, str]) -> Panel:
    """An indicator in the reader's words; `names` are those of areas."""
    name = view.wording.indicator(shown.code)
    points = [(_quarter(each, view.texts), each.share, each.interval) for each in shown.trend]
    return Panel(
        code=shown.code,
        name=name,
        definition=view.wording.indicator(f"{shown.code}_is"),
        latest=_line(shown.latest, name, view.texts),
        quarters=tuple(_line(each, _quarter(each, view.texts), view.texts) for each in shown.trend[::-1]),
        chart=shares_chart(points, view.texts("indicators.chart", name=name)),
        districts=tuple(_line(each, names.get(each.area_id, each.area_id), view.texts) for each in shown.districts),
    )


def _line(figure: Figure, name: str, texts: Texts) -> Line:
    if figure.interval is None:
        return Line(name, texts("indicators.not_told"), texts("words.none"), texts("words.none"))
    low, high = (f"{100 * end:.1f}%" for end in figure.interval)
    numbers = texts("indicators.numbers", numerator=figure.numerator, denominator=figure.denominator)
    return Line(name, f"{100 * (figure.share or 0.0):.1f}%", texts("indicators.interval", low=low, high=high), numbers)


def _quarter(figure: Figure, texts: Texts) -> str:
    return texts("indicators.quarter", year=figure.last_day.year, quarter=figure.last_day.month // 3)
