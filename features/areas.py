"""Areas a city is forecast by: townships (of the user's table, with or without outlines) and cells of a grid."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import csr_array
from shapely.geometry import shape

from features.arrays import Flags, Floats, Ints, Objects
from features.errors import SchemaError, TooLittleHistoryError
from features.grids import Grid, Hexagons, Shapes, Strings, drawn, metres
from features.vocabulary import TOWNSHIP_ONLY

MOST_OUTLINES = 20_000  # kept parsed
OUTSIDE = -1  # the position of an incident that lies in no area
DECIMALS = 5  # of a degree: a metre, and finer than any place was recorded
TOUCHING_DEGREES = 1e-5  # about a metre: polygons drawn by hand seldom share their vertices exactly

__all__ = [
    "OUTSIDE",
    "AreaSet",
    "Floats",
    "Ints",
    "Strings",
    "cells",
    "geometries",
    "inhabited",
    "locate",
    "middle_of",
    "parent_sums",
    "townships",
    "unplaced",
]


@dataclass(frozen=True, eq=False)
class AreaSet:
    """The areas of one level: ids in ascending order, who borders whom, where each lies, and what it is part of."""

    level: str
    ids: Strings
    neighbours: csr_array | None  # (n, n) of 0 and 1, no diagonal; None where no area has an outline
    polygons: Shapes | None
    tiling: Grid | Hexagons | None = None
    centres_m: Floats | None = None  # east and north in metres, (n, 2), NaN without outline; None as for neighbours
    parents: Strings | None = None  # id of the larger area each is part of; None where nothing says so
    inhabitants: Floats | None = None  # NaN where not told; None where no area tells them

    def __len__(self) -> int:
        return len(self.ids)

    def positions(self, area_ids: pd.Series) -> Ints:
        """Position of each id among the areas, OUTSIDE for one that is not among them."""
        found: Ints = pd.Index(self.ids).get_indexer(pd.Index(area_ids.astype("str"))).astype(np.int64)
        return found


def cells(
    incidents: pd.DataFrame, tiling: Grid | Hexagons, *, as_of: int, areas: pd.DataFrame | None = None
) -> AreaSet:
    """Study area: the cells with an incident known by the as-of date, and those around each.

    A cell is part of the township its middle lies in, where `areas` has outlines of townships, else of a block.
    """
    seen = incidents[_has_point(incidents) & incidents["occurred_on"].le(as_of) & incidents["known_on"].le(as_of)]
    if seen.empty:
        raise TooLittleHistoryError(
            "incidents: none with a place is known by the as-of date, so there is no study area."
        )
    ids = tiling.dilated(np.unique(_ids_of(seen, tiling)))
    neighbours = _adjacency(tiling.bordering(ids), len(ids))
    centres = tiling.centres(ids)
    parents = _containing(centres, areas)
    parents = tiling.blocks(ids) if parents is None else parents
    return AreaSet("cell", ids, neighbours, None, tiling, metres(*centres.T), parents)


def townships(areas: pd.DataFrame) -> AreaSet:
    """Townships of the `areas` table; those without geometry have no neighbours and hold no points."""
    rows = areas[areas["level"].eq("township")].sort_values("area_id")
    if rows.empty:
        raise SchemaError("areas: no row has level `township`; add the townships, or forecast by cell.")
    ids = rows["area_id"].to_numpy(dtype=str)
    parents = _parents(rows)
    people = _inhabitants(rows)
    if not rows["geometry"].notna().any():
        return AreaSet("township", ids, None, None, parents=parents, inhabitants=people)
    polygons = np.array([_shape(text) for text in rows["geometry"]], dtype=object)
    return AreaSet("township", ids, _touching(polygons), polygons, None, _middles(polygons), parents, people)


def inhabited(incidents: pd.DataFrame, *, as_of: int) -> AreaSet:
    """Study area where there is no table of areas: the area ids of incidents known by the as-of date."""
    seen = incidents[incidents["occurred_on"].le(as_of) & incidents["known_on"].le(as_of)]
    ids = np.unique(seen["area_id"].dropna().to_numpy(dtype=str))
    if not len(ids):
        raise SchemaError(
            "areas: the table is absent and no incident names its area; add the areas, or forecast by cell."
        )
    return AreaSet("township", ids, None, None)


def locate(incidents: pd.DataFrame, areas: AreaSet) -> Ints:
    """Position of each incident's area, OUTSIDE for one that lies in none; a given area id wins over a point."""
    found = areas.positions(incidents["area_id"])
    by_point = _has_point(incidents).to_numpy() & (found == OUTSIDE)
    if by_point.any():
        points = incidents[by_point]
        if areas.tiling is not None:
            found[by_point] = areas.positions(pd.Series(_ids_of(points, areas.tiling), dtype="str"))
        else:
            found[by_point] = _in_polygons(points, areas)
    return found


def unplaced(incidents: pd.DataFrame, areas: AreaSet) -> Flags:
    """Which incidents tell of no place that could be looked up among these areas: nobody knows if they lie outside."""
    by_point = _has_point(incidents) & (areas.tiling is not None or areas.polygons is not None)
    by_name = incidents["area_id"].notna() & (areas.tiling is None)
    return np.asarray(~by_point & ~by_name & (areas.positions(incidents["area_id"]) == OUTSIDE), np.bool_)


def geometries(area_ids: Iterable[str], areas: pd.DataFrame | None) -> list[dict[str, Any] | None]:
    """GeoJSON outline of each area, WGS 84, to a metre: a cell's from its id, a township's from `areas`, else None.

    Rings run as RFC 7946 asks, the outer ones against the clock.
    """
    names = list(area_ids)
    shapes: dict[str, shapely.Geometry | None] = {**drawn(names)}
    if areas is not None:
        given = areas[areas["geometry"].notna() & areas["area_id"].isin(names)]
        shapes |= {str(name): _shape(text) for name, text in zip(given["area_id"], given["geometry"], strict=True)}
    outlined = np.array([shapes.get(name) for name in names], dtype=object)
    rounded = shapely.transform(outlined, lambda degrees: degrees.round(DECIMALS))
    return [None if text is None else _parsed(text) for text in shapely.to_geojson(shapely.orient_polygons(rounded))]


@lru_cache(maxsize=MOST_OUTLINES)
def _parsed(text: str) -> dict[str, Any]:
    """The outline a GeoJSON text tells; the same object each time, since a city is asked for again and again."""
    outline: dict[str, Any] = json.loads(text)
    return outline


def middle_of(outline: dict[str, Any]) -> tuple[float, float]:
    """Longitude and latitude of the middle of a GeoJSON outline, to about ten metres."""
    rings = outline["coordinates"]
    of_one_ring = _centroid(rings[0]) if outline["type"] == "Polygon" and len(rings) == 1 else None
    east, north = of_one_ring or shape(outline).centroid.coords[0]
    return round(east, 4), round(north, 4)


def _centroid(ring: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """The centroid of a closed ring by the shoelace formula, as shapely finds it; None where it has no area.

    It is asked for each of thousands of cells, for which making shapes of shapely takes longer than the forecast.
    """
    west, south = ring[0]
    twice_area = east = north = 0.0
    for (x, y), (next_x, next_y) in pairwise(ring):
        cross = (x - west) * (next_y - south) - (next_x - west) * (y - south)
        twice_area += cross
        east += cross * (x + next_x - 2 * west)
        north += cross * (y + next_y - 2 * south)
    return (west + east / (3 * twice_area), south + north / (3 * twice_area)) if twice_area else None


def parent_sums(counts: Floats, parents: Strings | None) -> Floats:
    """Counts by area summed over the larger areas, along the last axis; the areas themselves where none is known."""
    if parents is None:
        return counts
    names, parent = np.unique(parents, return_inverse=True)
    return np.asarray(counts @ np.eye(len(names))[parent], np.float64)


def _has_point(incidents: pd.DataFrame) -> "pd.Series[bool]":
    # A first positive's or a treatment entry's date and point together would give the person away: never by point.
    placed = incidents["longitude"].notna() & incidents["latitude"].notna()
    return placed & ~incidents["kind"].isin(TOWNSHIP_ONLY)


def _ids_of(points: pd.DataFrame, tiling: Grid | Hexagons) -> Strings:
    return tiling.ids(points["longitude"].to_numpy(float), points["latitude"].to_numpy(float))


def _in_polygons(points: pd.DataFrame, areas: AreaSet) -> Ints:
    if areas.polygons is None:
        return np.full(len(points), OUTSIDE, dtype=np.int64)
    return _within(points["longitude"].to_numpy(float), points["latitude"].to_numpy(float), areas.polygons)


def _within(longitude: Floats, latitude: Floats, polygons: Objects) -> Ints:
    """Position of the polygon each point lies in, OUTSIDE for none."""
    found = np.full(len(longitude), OUTSIDE, dtype=np.int64)
    point, area = shapely.STRtree(polygons).query(shapely.points(longitude, latitude), predicate="intersects")
    order = np.lexsort((-area, point))  # a point on a border belongs to the first of its areas, written last
    found[point[order]] = area[order]
    return found


def _containing(centres: Floats, areas: pd.DataFrame | None) -> Strings | None:
    """The township each point lies in, `none` for outside all; None where no township has an outline."""
    if areas is None or areas.empty:
        return None
    rows = areas[areas["level"].eq("township") & areas["geometry"].notna()].sort_values("area_id")
    if rows.empty:
        return None
    polygons = np.array([_shape(text) for text in rows["geometry"]], dtype=object)
    names = np.append(rows["area_id"].to_numpy(dtype=str), "none")  # OUTSIDE, -1, is the last of them
    return np.asarray(names[_within(centres[:, 0], centres[:, 1], polygons)])


def _parents(rows: pd.DataFrame) -> Strings | None:
    if "parent_id" not in rows or not rows["parent_id"].notna().any():
        return None
    return rows["parent_id"].astype("str").fillna("none").to_numpy(dtype=str)


def _inhabitants(rows: pd.DataFrame) -> Floats | None:
    if "population" not in rows:
        return None
    people = pd.to_numeric(rows["population"], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return people if (people > 0).any() else None


def _middles(polygons: Shapes) -> Floats:
    """East and north of the middle of each polygon in metres, NaN where there is none, shape (n, 2)."""
    outlined = np.array([polygon is not None for polygon in polygons])
    centroids = shapely.centroid(polygons[outlined])
    middles = np.full((len(polygons), 2), np.nan)
    middles[outlined] = metres(shapely.get_x(centroids), shapely.get_y(centroids))
    return middles


def _touching(polygons: Shapes) -> csr_array:
    pairs = shapely.STRtree(polygons).query(polygons, predicate="dwithin", distance=TOUCHING_DEGREES).T
    return _adjacency(pairs[pairs[:, 0] != pairs[:, 1]].astype(np.int64), len(polygons))


def _adjacency(pairs: Ints, size: int) -> csr_array:
    return csr_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(size, size))


def _shape(geometry: object) -> shapely.Geometry | None:
    if not isinstance(geometry, str):
        return None
    try:
        return shapely.from_geojson(geometry)
    except shapely.errors.GEOSException as fault:
        raise SchemaError(
            "areas: a geometry is not GeoJSON text; expected a Polygon or MultiPolygon in WGS 84."
        ) from fault
