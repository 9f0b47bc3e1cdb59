"""The planner's map: where harm is expected in the coming weeks, with reasons, warnings and the record."""

import json
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from starlette.responses import JSONResponse, Response

from models.track_record import track_record
from serving.area_messages import Warnings
from serving.area_record import Answer, Made, record
from serving.desk import Desk
from serving.disclosure import SHARES
from serving.hotspots import Asked, model_for
from serving.kept import Kept
from serving.problems import ProblemError, fault_of
from serving.ui.charts import months_chart
from serving.ui.map_areas import BAND_STEPS, N_CLASSES, MapArea, MapForecast, map_forecast
from serving.ui.map_files import heads, layer, name_of, rows
from serving.ui.map_marks import about, came_in, legend, marks
from serving.ui.map_picture import CAME_FILL, CAME_INK, fills_of, picture, rings_of
from serving.ui.map_query import COLOURS, LEVELS, MapQuery, map_query
from serving.ui.map_record import COUNT, MODEL, PRIOR, card_of, carried, months_observed, n_forecasts, record_of
from serving.ui.map_record import SHARES as SHARES_TOLD
from serving.ui.map_trend import catches, trends
from serving.ui.stopped import stopped
from serving.ui.tables import csv_response, file_response
from serving.ui.texts import Texts
from serving.ui.view import View
from serving.warnings import warnings

N_TOP = 10
MOST_KEPT = 64
WARNINGS = "GET /v1/warnings"
TITLES = {"past": "map.past_title", "unrecorded": "map.unrecorded_title", "coming": "map.coming_title"}
MEANINGS = {"past": "map.past_meaning", "unrecorded": "map.unrecorded_meaning", "coming": "map.coming_meaning"}


class MapPage:
    """The map and its files; forecasts are kept until the store, the model or the question is another."""

    def __init__(self) -> None:
        self._forecasts: Kept[MapForecast] = Kept(MOST_KEPT)
        self._warnings: Kept[Made[Warnings]] = Kept(MOST_KEPT)

    def page(self, view: View) -> Response:
        """The page."""
        query = map_query(view)
        forecast = self._shown(view, query)
        champion, _ = model_for(view.desk, _asked(view, query))
        card, texts = card_of(view.desk, champion), view.texts
        months = months_observed(view.desk, query.as_of)
        return view.page(
            "map.html",
            query=query,
            forecast=forecast,
            answer=forecast.made.answer,
            stopped=stopped(view, as_of=query.as_of, newest=query.latest),
            top=[(each, told_of(each, texts), came_in(forecast, each, texts)) for each in forecast.areas[:N_TOP]],
            title=_title(view, query),
            meaning=_meaning(view, query, forecast),
            legend=list(zip(fills_of(query.colour), _legend(view, query, forecast), strict=False))[::-1],
            fills=fills_of(query.colour),
            chosen=[
                (each, told_of(each, texts), came_in(forecast, each, texts))
                for each in forecast.areas
                if each.area_id == query.area
            ],
            came_legend=legend(forecast.came, texts),
            came_colours=(CAME_FILL, CAME_INK),
            levels=LEVELS,
            colours=[each for each in COLOURS if each != "testing" or forecast.has_testing],
            horizons=_horizons(view.desk, query.model_level),
            shows_warnings=view.may(WARNINGS),
            warnings=self._told_warnings(view, query) if _is_quick(query) and view.may(WARNINGS) else None,
            months=months,
            chart=months_chart(months, texts),
            **_told_record(card, query, forecast, texts),
            as_of=query.as_of,
            models=[forecast.made.answer.model],
        )

    def warnings(self, view: View) -> Response:
        """The warnings alone, where the scan of so many areas takes longer than a page may."""
        query = map_query(view)
        told = self._told_warnings(view, query)
        models = [told.model] if told else []
        return view.page("warnings.html", query=query, warnings=told, as_of=query.as_of, models=models)

    def data(self, view: View) -> Response:
        """What the script of the map draws from: each text once, each area as a short row."""
        query = map_query(view)
        forecast = self._forecast(view, query)
        texts, reasons = (
            _numbered(told_of(each, view.texts) for each in forecast.areas),
            _numbered((each.reasons, each.quiet) for each in forecast.areas),
        )
        return JSONResponse(
            {
                "title": _title(view, query),
                "meaning": _meaning(view, query, forecast),
                "stamp": view.stamp(query.as_of, [forecast.made.answer.model]),
                "over": query.is_over,
                "stage": query.stage,
                "answer": forecast.made.answer.answer_id,
                "asOf": query.as_of.isoformat(),
                "texts": list(texts),
                "reasons": list(reasons),
                "areas": [
                    _row(each, query, texts[told_of(each, view.texts)], reasons[each.reasons, each.quiet])
                    for each in forecast.areas
                ],
                "came": _came(forecast, view.texts),
            }
        )

    def shown(self, view: View) -> Response:
        """The id of a forecast that was fetched ahead, which is no showing, and is shown now: recorded."""
        answer_id = self._shown(view, map_query(view)).made.answer.answer_id
        return JSONResponse({"id": answer_id, "text": view.texts("map.answer", id=answer_id)})

    def shapes(self, view: View) -> Response:
        """The outlines of the areas, and those of the districts with their names."""
        forecast = self._forecast(view, map_query(view))
        return JSONResponse(
            {
                "areas": {each.area_id: list(rings_of(each.outline)) for each in forecast.areas},
                "districts": [[each.name, list(rings_of(each.shape))] for each in forecast.outlines],
            }
        )

    def picture(self, view: View) -> Response:
        """The map as an SVG picture."""
        query = map_query(view)
        forecast = self._shown(view, query)
        title = f"{_title(view, query)} · {view.texts('map.answer', id=forecast.made.answer.answer_id)}"
        drawn = picture(forecast, marks(forecast, view.texts), colour=query.colour, title=title)
        return Response(drawn, media_type="image/svg+xml")

    def geojson(self, view: View) -> Response:
        """The areas as GeoJSON, to keep."""
        query = map_query(view)
        told = layer(self._shown(view, query), query, view.texts)
        content = json.dumps(told, ensure_ascii=False).encode()
        return file_response(content, "application/geo+json", name=f"{name_of(query)}.geojson")

    def csv(self, view: View) -> Response:
        """The areas as a table, to keep."""
        query = map_query(view)
        made = rows(self._shown(view, query), query, view.texts)
        return csv_response(heads(view.texts), made, name=f"{name_of(query)}.csv")

    def _shown(self, view: View, query: MapQuery) -> MapForecast:
        """The forecast, recorded as it is shown."""
        forecast = self._forecast(view, query)
        _record(view, forecast.made)
        return forecast

    def _forecast(self, view: View, query: MapQuery) -> MapForecast:
        champion, _ = model_for(view.desk, _asked(view, query))
        snapshot = view.desk.histories.store().state_digest()
        records = tuple(each.digest for each, _ in view.desk.champions.hotspots())  # they tell what came
        question = (query.as_of, query.weeks, query.level, view.language, view.desk.settings.today, records)
        forecast = self._forecasts.get(
            (snapshot, champion.digest, question),
            lambda: map_forecast(view.desk, query, view.wording),
            key_of=lambda told: (told.made.answer.snapshot, told.made.answer.model.digest, question),
        )
        if query.colour == "testing" and not forecast.has_testing:
            raise fault_of("colour", "one_of", "share, band")
        return forecast

    def _told_warnings(self, view: View, query: MapQuery) -> Warnings | None:
        """The warnings of the day, recorded; None where too little is known to tell a surprise from chance."""
        asked = _asked(view, query)
        champion, _ = model_for(view.desk, asked)
        snapshot, question = view.desk.histories.store().state_digest(), (query.as_of, view.language)
        try:
            made = self._warnings.get(
                (snapshot, champion.digest, question),
                lambda: warnings(view.desk, asked),
                key_of=lambda made: (made.answer.snapshot, made.answer.model.digest, question),
            )
        except ProblemError as refused:
            if refused.code in {"too_little_history", "no_such_forecast"}:
                return None
            raise
        _record(view, made)
        return made.answer


def _record(view: View, made: Made[Answer]) -> None:
    if view.visit is None:
        raise ProblemError("no_key")
    record(view.desk, view.visit, made)


def _asked(view: View, query: MapQuery) -> Asked:
    return Asked(query.as_of, query.weeks, query.model_level, 3, view.wording)


def _told_record(card: Mapping[str, Any], query: MapQuery, forecast: MapForecast, texts: Texts) -> dict[str, Any]:
    """What the templates of the record are made from: all forecasts in one, and one by one."""
    order, by_one = texts.under("models.names"), track_record(card, query.weeks)
    models, each = catches(by_one, order) if by_one else ([], [])
    return {
        "record": record_of(card, query.weeks, order),
        "shares": SHARES_TOLD,
        "shown_first": (MODEL, PRIOR, COUNT),  # the others fold
        "compared": (MODEL, COUNT),
        "n_forecasts": n_forecasts(card),
        "carried": carried(card, query.weeks),
        "record_by_one": by_one,
        "trends": trends(by_one, forecast.districts, texts) if by_one else (),
        "each_models": models,
        "catches": each,
    }


def _is_quick(query: MapQuery) -> bool:
    return query.model_level != "cell"


def _title(view: View, query: MapQuery) -> str:
    days = {"first": query.known_by, "last": query.until, "latest": query.latest}
    return view.texts(TITLES[query.stage], **{name: view.texts.day(day) for name, day in days.items()})


def _meaning(view: View, query: MapQuery, forecast: MapForecast) -> str:
    """What this position of the slider shows: in colours what was forecast, in squares what came."""
    days = {"day": query.known_by, "latest": query.latest}
    told = view.texts(MEANINGS[query.stage], **{name: view.texts.day(day) for name, day in days.items()})
    return " ".join(filter(None, (told, about(query, forecast.came, view.texts))))


def _legend(view: View, query: MapQuery, forecast: MapForecast) -> list[str]:
    """What each colour says, the lowest first."""
    texts = view.texts
    if query.colour == "testing":
        return [texts(f"map.fifths.{each}") for each in range(N_CLASSES)]
    if query.colour == "share":
        return [texts("map.others"), *(texts("map.highest", percent=f"{100 * share:g}") for share in SHARES[-2::-1])]
    band = forecast.areas[0].band
    ends = [f"{step * (band.below - band.at_least):g}" for step in BAND_STEPS]
    between = [texts("map.between", low=low, high=high) for low, high in pairwise(ends)]
    return [texts("map.under", high=ends[0]), *between, texts("map.over", low=ends[-1])]


def _horizons(desk: Desk, level: str) -> list[int]:
    return sorted({model.scope.horizon_weeks for _, model in desk.champions.hotspots() if model.scope.level == level})


def _numbered(values: Iterator[Any]) -> dict[Any, int]:
    return {value: place for place, value in enumerate(dict.fromkeys(values))}


def told_of(area: MapArea, texts: Texts) -> str:
    """What is told of an area in words: its forecast, and how much was tested there."""
    if area.testing is None:
        return area.text
    return texts("map.told", forecast=area.text, testing=texts(f"map.tested.{area.testing}"))


def _row(area: MapArea, query: MapQuery, text: int, reasons: int) -> list[Any]:
    classes = [area.of_colour(query.colour), int(area.is_hatched(query.colour))]
    return [area.area_id, area.name, area.within, text, reasons, *classes]


def _came(forecast: MapForecast, texts: Texts) -> dict[str, Any]:
    """What came: the squares, what they say, and the text of each area, in the order of the areas."""
    told = [came_in(forecast, each, texts) for each in forecast.areas]
    numbers = _numbered(iter(told))
    return {
        "legend": legend(forecast.came, texts),
        "marks": [[*each.at, each.label, each.at_least] for each in marks(forecast, texts)],
        "texts": list(numbers),
        "of": [numbers[each] for each in told],
    }
