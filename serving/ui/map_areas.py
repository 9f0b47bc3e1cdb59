"""The areas of a map as they may be told: outline, name, band, words, and the class they are coloured by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pandas as pd
import shapely
from shapely.geometry import shape

from features.areas import geometries
from serving.area_messages import Area, AreaReason, Forecast
from serving.area_record import Made, Marks
from serving.desk import Desk
from serving.disclosure import SHARES, Band
from serving.hotspots import ALL_REASONS, Asked, looked, names_of, told_of
from serving.totals import by_level
from serving.ui.map_came import Came, came
from serving.ui.map_query import MapQuery
from serving.ui.map_testing import district_tests, fifths, township_tests
from serving.wording import Wording

BAND_STEPS = (1, 3, 6, 10)  # of the colours by expected count, in widths of a band: the same on every map
N_CLASSES = len(SHARES)
BASE = "base"  # the reason that all areas have alike


@dataclass(frozen=True)
class MapArea:
    """One area; classes go from 0, the lowest, to 4. `is_little`: so few incidents that no more may be told.

    `quiet`: in a line each, the reasons that change too little to be told, and those that may not be told.
    """

    area_id: str
    name: str
    within: str
    outline: Mapping[str, Any] | None
    band: Band
    text: str
    reasons: tuple[str, ...]
    quiet: tuple[str, ...]
    is_little: bool
    share_class: int
    band_class: int
    testing: int | None = None  # the fifth of areas it is in by tests of the year, from 0; None where not told
    district: str = ""  # the id of the district that holds it

    def of_colour(self, colour: str) -> int:
        """The class by the share of the highest areas, by the expected count, or by testing, N_CLASSES if not told."""
        if colour == "testing":
            return N_CLASSES if self.testing is None else self.testing
        return self.share_class if colour == "share" else self.band_class

    def is_hatched(self, colour: str) -> bool:
        """Whether there is a number here that may not be told."""
        return self.testing is None if colour == "testing" else self.is_little


@dataclass(frozen=True)
class Outline:
    """A district as it is drawn above its areas."""

    area_id: str
    name: str
    shape: Mapping[str, Any]


@dataclass(frozen=True)
class MapForecast:
    """All areas of a level, the highest band first; and what is recorded of it, which holds no area."""

    areas: tuple[MapArea, ...]
    outlines: tuple[Outline, ...]  # of the districts, drawn above
    districts: Mapping[str, str]  # names by id
    has_testing: bool
    came: Came | None  # in its weeks, where they are over and any count is told of them
    made: Made[Forecast]


def map_forecast(desk: Desk, query: MapQuery, wording: Wording) -> MapForecast:
    """The forecast of a map; ProblemError when there is none."""
    asked = Asked(query.as_of, query.weeks, query.level, ALL_REASONS, wording)
    found = looked(desk, asked, partial(by_level, level=asked.level, noise=desk.settings.noise))
    areas, answer = found.places.areas, told_of(found, asked)
    towns = _towns(answer.features, areas)
    tested = _tested(query.level, towns, township_tests(found.places, query.as_of), areas)
    districts, within = _districts(answer.features, towns, areas), _within(towns, areas, wording)
    told = [
        replace(
            _area(each, within.get(area_id := each.properties.area_id, ""), wording),
            testing=tested.get(area_id),
            district=districts.get(area_id, ""),
        )
        for each in answer.features
    ]
    ordered = sorted(told, key=lambda each: (-each.band.at_least, each.band.among_highest, each.area_id))
    return MapForecast(
        tuple(ordered),
        _outlines(areas, named := _names_of_districts(areas, wording)),
        named,
        bool(tested),
        came(desk, query, found.places),
        Made(answer.model_copy(update={"features": []}), Marks.of(found.found.parts, desk.reading.records.hash_of)),
    )


def _area(told: Area, within: str, wording: Wording) -> MapArea:
    of = told.properties
    band = Band(of.expected, of.expected_below, of.low, of.high, of.among_highest)
    width = band.below - band.at_least
    return MapArea(
        of.area_id,
        of.name,
        within,
        told.geometry,
        band,
        of.text,
        *_lines(of.reasons, wording),
        is_little=any(reason.suppressed for reason in of.reasons),
        share_class=N_CLASSES - 1 - SHARES.index(band.among_highest),
        band_class=sum(band.at_least >= step * width - 1e-9 for step in BAND_STEPS),
    )


def _lines(reasons: Sequence[AreaReason], wording: Wording) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The reasons that change the forecast, a line each; and the others, in a line those of which the same is told.

    What all areas start from tells none from another, so the page says it once.
    """
    say = partial(wording.text, "areas")
    quiet: dict[str, list[str]] = {}
    own = [reason for reason in reasons if reason.code != BASE]
    for reason in own:
        if not reason.contribution:
            quiet.setdefault(reason.effect or say("untold"), []).append(wording.family(reason.code))
    told = tuple(say("reason", text=reason.text, effect=reason.effect) for reason in own if reason.contribution)
    return told, tuple(say("reason", text=what, effect=say("several").join(of)) for what, of in quiet.items())


def _towns(told: list[Area], areas: pd.DataFrame | None) -> dict[str, str]:
    """The township of each area by id: a cell's is the one its middle lies in, a township's is itself; else none."""
    if areas is None or not told or told[0].properties.level in {"city", "district"}:
        return {}
    if told[0].properties.level == "township":
        return {each.properties.area_id: each.properties.area_id for each in told}
    towns = areas[areas["level"].eq("township") & areas["geometry"].notna()]
    if towns.empty:
        return {}
    tree = shapely.STRtree([shapely.from_geojson(text) for text in towns["geometry"]])
    outlined = [(each.properties.area_id, shape(each.geometry)) for each in told if each.geometry]
    middles = shapely.centroid([outline for _, outline in outlined])
    cell, town = tree.query(middles, predicate="within")
    town_ids = towns["area_id"].astype("str").tolist()
    return {outlined[c][0]: town_ids[t] for c, t in zip(cell, town, strict=True)}


def _within(towns: Mapping[str, str], areas: pd.DataFrame | None, wording: Wording) -> dict[str, str]:
    """The name of what each area is part of: a township's district, a cell's township."""
    if areas is None:
        return {}
    names, parents = names_of(areas, wording.language), _parents(areas)
    larger = {area_id: parents.get(town, "") if area_id == town else town for area_id, town in towns.items()}
    return {area_id: names.get(each, "") for area_id, each in larger.items()}


def _districts(told: list[Area], towns: Mapping[str, str], areas: pd.DataFrame | None) -> dict[str, str]:
    """The district that holds each area, by id; of districts each holds itself."""
    if areas is None:
        return {}
    parents = _parents(areas)
    of_towns = {area_id: parents.get(town, "") for area_id, town in towns.items()}
    return of_towns | {each.properties.area_id: each.properties.area_id for each in told if _is_district(each)}


def _is_district(area: Area) -> bool:
    return area.properties.level == "district"


def _tested(level: str, towns: Mapping[str, str], tests: pd.Series, areas: pd.DataFrame | None) -> dict[str, int]:
    """The fifth that each area is in by its tests; a cell's is that of its township."""
    if level == "district" and areas is not None:
        return fifths(district_tests(tests, _parents(areas)))
    of_towns = fifths(tests)
    return {area_id: of_towns[town] for area_id, town in towns.items() if town in of_towns}


def _parents(areas: pd.DataFrame) -> dict[str, str]:
    """The district of each township by id."""
    of_towns = areas[areas["level"].eq("township")].set_index("area_id")["parent_id"].dropna()
    return {str(town): str(district) for town, district in of_towns.items()}


def _names_of_districts(areas: pd.DataFrame | None, wording: Wording) -> dict[str, str]:
    """The names of the districts by id, in order; the id where there is no name."""
    if areas is None:
        return {}
    names = names_of(areas, wording.language)
    return {each: names.get(each, each) for each in sorted(areas.loc[areas["level"].eq("district"), "area_id"])}


def _outlines(areas: pd.DataFrame | None, districts: Mapping[str, str]) -> tuple[Outline, ...]:
    drawn = zip(districts.items(), geometries(districts, areas), strict=True)
    return tuple(Outline(*named, shape) for named, shape in drawn if shape)
