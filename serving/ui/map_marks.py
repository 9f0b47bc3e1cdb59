"""What came, on the map and in words: a square for each place that is told of, beside the colours of the forecast."""

from collections.abc import Mapping
from typing import Any

from models.track_record import CITY
from serving.ui.map_areas import MapArea, MapForecast
from serving.ui.map_came import Came, Count
from serving.ui.map_picture import Mark, Point, middle_of_ring, rings_of
from serving.ui.map_query import MapQuery
from serving.ui.texts import Texts


def marks(forecast: MapForecast, texts: Texts) -> tuple[Mark, ...]:
    """A mark for each district that has a count or may have none; one for the city where no district is told of."""
    if forecast.came is None:
        return ()
    counts = forecast.came.by_place
    places = [each for each in counts if each != CITY] or [CITY]
    middles = {place: _middle(forecast, place) for place in places}
    return tuple(
        Mark(middle, _short(counts.get(place), texts), _least(counts.get(place)))
        for place, middle in middles.items()
        if middle
    )


def about(query: MapQuery, came: Came | None, texts: Texts) -> str:
    """Which days the squares are of, and of what; empty where the weeks are not over."""
    if not query.is_over:
        return ""
    if came is None:
        return texts("map.came_none")
    key = "map.came_months" if came.of_all_kinds else "map.came_record"
    city = _words(came.by_place.get(CITY), texts)
    return texts(key, first=texts.day(came.first), last=texts.day(came.last), city=city)


def legend(came: Came | None, texts: Texts) -> str:
    """What a square says; empty where there is none."""
    if came is None:
        return ""
    return texts("map.came_legend", first=texts.day(came.first), last=texts.day(came.last))


def came_in(forecast: MapForecast, area: MapArea, texts: Texts) -> str:
    """What came in the smallest place told of that holds an area, beside the forecast of it; a dash where none is."""
    if forecast.came is None:
        return texts("words.none")
    place = forecast.came.place_of(area.district)
    name = texts("map.city") if place == CITY else forecast.districts.get(place, place)
    told = texts("map.came_in", place=name, count=_words(forecast.came.by_place.get(place), texts))
    expected = forecast.came.forecasts.get(place)
    if expected is None:
        return told
    return texts("map.came_beside", told=told, low=f"{expected.low:g}", high=f"{expected.high:g}")


def columns_of(forecast: MapForecast, area: MapArea) -> Mapping[str, Any]:
    """The same for files: of which place and which days, at least and at most how many; None where not told."""
    came = forecast.came
    if came is None:
        return dict.fromkeys(("observed_in", "observed_first", "observed_last", "observed_least", "observed_most"))
    place = came.place_of(area.district)
    count = came.by_place.get(place)
    return {
        "observed_in": place,
        "observed_first": came.first.isoformat(),
        "observed_last": came.last.isoformat(),
        "observed_least": _least(count),
        "observed_most": count and count.at_most,
    }


def _middle(forecast: MapForecast, place: str) -> Point | None:
    """The middle of a district's outline, where its name stands; else of the areas it holds."""
    drawn = [each.shape for each in forecast.outlines if each.area_id == place]
    held = [each.outline for each in forecast.areas if place in {each.district, CITY}]
    rings = [ring for shape in drawn or held for ring in rings_of(shape)]
    points = max(rings, key=len, default=()) if drawn else [point for ring in rings for point in ring]
    return middle_of_ring(points) if points else None


def _short(count: Count | None, texts: Texts) -> str:
    if count is None:
        return ""
    ends = {"low": count.at_least, "high": count.at_most}
    return str(count.at_least) if count.at_least == count.at_most else texts("map.came_short", **ends)


def _words(count: Count | None, texts: Texts) -> str:
    return texts("map.not_told") if count is None else texts("map.came_count", count=_short(count, texts))


def _least(count: Count | None) -> int | None:
    return None if count is None else count.at_least
