"""The areas of a map as they may be told: outline, name, band, words, and the class they are coloured by."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import shapely
from shapely.geometry import shape

from features.areas import geometries
from serving.desk import Desk
from serving.disclosure import SHARES, Band
from serving.hotspots import Asked, looked, names_of, told_of
from serving.messages import Area, Model
from serving.totals import by_level
from serving.ui.map_query import MapQuery
from serving.wording import Wording

BAND_STEPS = (1, 3, 6, 10)  # of the colours by expected count, in widths of a band: the same on every map
N_CLASSES = len(SHARES)


@dataclass(frozen=True)
class MapArea:
    """One area; classes go from 0, the lowest, to 4. `is_little`: so few incidents that no more may be told."""

    area_id: str
    name: str
    within: str
    outline: Mapping[str, Any] | None
    band: Band
    text: str
    reasons: tuple[str, ...]
    is_little: bool
    share_class: int
    band_class: int

    def of_colour(self, colour: str) -> int:
        """The class by the share of the highest areas, or by the expected count."""
        return self.share_class if colour == "share" else self.band_class


@dataclass(frozen=True)
class MapForecast:
    """All areas of a level, the highest band first, and what made the forecast."""

    areas: tuple[MapArea, ...]
    outlines: tuple[tuple[str, Mapping[str, Any]], ...]  # names and shapes of the districts, drawn above
    districts: Mapping[str, str]  # names by id
    note: str
    model: Model
    snapshot: str


def map_forecast(desk: Desk, query: MapQuery, wording: Wording) -> MapForecast:
    """The forecast of a map; ProblemError when there is none."""
    asked = Asked(query.as_of, query.weeks, query.level, 3, wording)
    found = looked(desk, asked, partial(by_level, level=asked.level))
    areas = found.places.areas
    told = _areas(told_of(found, asked).features, areas, wording)
    ordered = sorted(told, key=lambda each: (-each.band.at_least, each.band.among_highest, each.area_id))
    origin, named = found.origin, _names_of_districts(areas, wording)
    return MapForecast(
        tuple(ordered), _outlines(areas, named), named, wording.area_note, origin["model"], origin["snapshot"]
    )


def _areas(told: list[Area], areas: pd.DataFrame | None, wording: Wording) -> list[MapArea]:
    within = _within(told, areas, wording)
    rows = []
    for each in told:
        of, place = each.properties, within.get(each.properties.area_id, "")
        band = Band(of.expected, of.expected_below, of.low, of.high, of.among_highest)
        reasons = tuple(f"{reason.text}: {reason.effect}" if reason.effect else reason.text for reason in of.reasons)
        is_little = any(reason.suppressed for reason in of.reasons)
        rows.append(_area(of.area_id, (of.name, place), each.geometry, band, of.text, reasons, is_little))
    return rows


def _area(  # noqa: PLR0913, PLR0917 (the parts of one row)
    area_id: str,
    names: tuple[str, str],
    outline: Mapping[str, Any] | None,
    band: Band,
    text: str,
    reasons: tuple[str, ...],
    is_little: bool,
) -> MapArea:
    width = band.below - band.at_least
    by_share = N_CLASSES - 1 - SHARES.index(band.among_highest)
    by_band = sum(band.at_least >= step * width - 1e-9 for step in BAND_STEPS)
    return MapArea(area_id, *names, outline, band, text, reasons, is_little, by_share, by_band)


def _within(told: list[Area], areas: pd.DataFrame | None, wording: Wording) -> dict[str, str]:
    """The name of what each area is part of: a township's district, the township a cell's middle lies in."""
    if areas is None:
        return {}
    names = names_of(areas, wording.language)
    ids = [each.properties.area_id for each in told]
    if told and told[0].properties.level in {"city", "district"}:
        return {}
    if told and told[0].properties.level == "township":
        parents = areas.set_index("area_id")["parent_id"].dropna()
        return {each: names.get(str(parents[each]), "") for each in ids if each in parents.index}
    towns = areas[areas["level"].eq("township") & areas["geometry"].notna()]
    if towns.empty:
        return {}
    tree = shapely.STRtree([shapely.from_geojson(text) for text in towns["geometry"]])
    outlined = [(each.properties.area_id, shape(each.geometry)) for each in told if each.geometry]
    middles = shapely.centroid([outline for _, outline in outlined])
    cell, town = tree.query(middles, predicate="within")
    town_ids = towns["area_id"].astype("str").tolist()
    return {outlined[c][0]: names.get(town_ids[t], "") for c, t in zip(cell, town, strict=True)}


def _names_of_districts(areas: pd.DataFrame | None, wording: Wording) -> dict[str, str]:
    """The names of the districts by id, in order; the id where there is no name."""
    if areas is None:
        return {}
    names = names_of(areas, wording.language)
    return {each: names.get(each, each) for each in sorted(areas.loc[areas["level"].eq("district"), "area_id"])}


def _outlines(areas: pd.DataFrame | None, districts: Mapping[str, str]) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    drawn = zip(districts.values(), geometries(districts, areas), strict=True)
    return tuple((name, outline) for name, outline in drawn if outline)
