"""The areas of a map as files to keep: rows of a table, features of GeoJSON.

Spreadsheets and GIS programs keep nothing but rows and areas, so what all have in common is told with each.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from serving.disclosure import share_told
from serving.hotspots import ENDS
from serving.ui.map_areas import MapArea, MapForecast
from serving.ui.map_marks import columns_of
from serving.ui.map_query import MapQuery
from serving.ui.texts import Texts

COLUMNS = (
    "area_id", "name", "within", "at_least", "below", "low", "high", "among_highest", "testing_fifth", "reasons",
    "as_of", "known_by", "until", "answer_id", "observed_in", "observed_first", "observed_last", "observed_least",
    "observed_most",
)  # fmt: skip


def heads(texts: Texts) -> list[str]:
    """What the columns are called."""
    return [texts(f"map.column_{name}") for name in COLUMNS]


def rows(forecast: MapForecast, query: MapQuery, texts: Texts) -> Iterator[Sequence[Any]]:
    """The areas as rows of COLUMNS: no share where none is told, and whole counts without a point."""
    for area in forecast.areas:
        told = _properties(forecast, area, query, texts)
        told |= {name: int(told[name]) for name in ENDS if float(told[name]).is_integer()}
        told["among_highest"] = share_told(area.band.among_highest, of=len(forecast.areas))
        yield [told[name] for name in COLUMNS]


def layer(forecast: MapForecast, query: MapQuery, texts: Texts) -> dict[str, Any]:
    """The areas as GeoJSON, under the name by which GIS programs call the layer; with what made the forecast."""
    features = [
        {"type": "Feature", "geometry": area.outline, "properties": _properties(forecast, area, query, texts)}
        for area in forecast.areas
    ]
    return forecast.made.answer.model_dump(mode="json") | {"name": name_of(query), "features": features}


def name_of(query: MapQuery) -> str:
    """What a file of the map is called, without its ending."""
    return f"waystation-{query.level}-{query.weeks}w-{query.as_of}"


def _properties(forecast: MapForecast, area: MapArea, query: MapQuery, texts: Texts) -> dict[str, Any]:
    band = area.band
    return {
        "area_id": area.area_id,
        "name": area.name,
        "within": area.within,
        "at_least": band.at_least,
        "below": band.below,
        "low": band.low,
        "high": band.high,
        "among_highest": share_told(band.among_highest, of=len(forecast.areas)) or band.among_highest,
        "testing_fifth": None if area.testing is None else area.testing + 1,
        "reasons": texts("map.between_reasons").join([*area.reasons, *area.quiet]),
        "as_of": query.as_of.isoformat(),
        "known_by": query.known_by.isoformat(),
        "until": query.until.isoformat(),
        "answer_id": forecast.made.answer.answer_id,
        **columns_of(forecast, area),
    }
