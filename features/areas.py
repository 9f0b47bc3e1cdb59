"""Areas a city is forecast by: townships (polygons of the user) and square cells of a local metric grid.

A grid is an azimuthal equidistant projection (WGS 84, metres) about a centre rounded to 0.01 degrees, with cell edges
at multiples of the cell size; over one city its distances are right to a few parts in a million. A cell's id says all
of that: in `c500:33.41:-111.93:12:-4` size in metres, latitude, longitude, column and row, so it can be drawn alone.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.sparse import csr_array

from features.errors import ConfigError, SchemaError, TooLittleHistoryError
from features.vocabulary import TOWNSHIP_ONLY

OUTSIDE = -1  # the position of an incident that lies in no area
SQUARE = [(east, north) for east in (-1, 0, 1) for north in (-1, 0, 1)]  # a cell and the eight around it
CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])  # of a cell, from its south-west around
CELL_PARTS = 5  # of a cell's id
DECIMALS = 5  # of a degree: a metre, and finer than any place was recorded
TOUCHING_DEGREES = 1e-5  # about a metre: polygons drawn by hand seldom share their vertices exactly

Strings = NDArray[np.str_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Square cells of a local metric projection."""

    cell_size_m: int
    latitude: float
    longitude: float

    @classmethod
    def around(cls, longitude: Floats, latitude: Floats, *, cell_size_m: int) -> "Grid":
        """Grid about the median of the points, rounded so that a few more points do not move it."""
        placed = np.isfinite(longitude) & np.isfinite(latitude)
        if not placed.any():
            raise TooLittleHistoryError(
                "incidents: none has a longitude and a latitude, and cells need them; forecast by township instead."
            )
        centre = np.round([np.median(latitude[placed]), np.median(longitude[placed])], 2)
        return cls(cell_size_m, float(centre[0]), float(centre[1]))

    def columns_and_rows(self, longitude: Floats, latitude: Floats) -> Ints:
        """Column and row of the cell each point lies in, shape (n, 2); a point on an edge goes north or east."""
        metres = transformer(self.latitude, self.longitude).transform(longitude, latitude)
        return np.floor(np.column_stack(metres).reshape(-1, 2) / self.cell_size_m).astype(np.int64)

    def name(self, column: int, row: int) -> str:
        """Id of a cell, from which the cell can be drawn again."""
        return f"c{self.cell_size_m}:{self.latitude:.2f}:{self.longitude:.2f}:{column}:{row}"

    def polygons(self, columns_and_rows: Ints) -> NDArray[np.object_]:
        """Outlines of cells in WGS 84, from their columns and rows, shape (n, 2)."""
        corners = (columns_and_rows[:, None, :] + CORNERS) * float(self.cell_size_m)
        degrees = transformer(self.latitude, self.longitude).transform(*corners.reshape(-1, 2).T, direction="INVERSE")
        return np.asarray(shapely.polygons(np.column_stack(degrees).reshape(corners.shape)), dtype=object)


@lru_cache(maxsize=16)
def transformer(latitude: float, longitude: float) -> Transformer:
    """From WGS 84 to metres around a point; kept, because making one takes ten times as long as drawing a cell."""
    local = f"+proj=aeqd +lat_0={latitude} +lon_0={longitude} +datum=WGS84 +units=m"
    return Transformer.from_crs("EPSG:4326", local, always_xy=True)


@dataclass(frozen=True, eq=False)
class AreaSet:
    """The areas of one level: ids in ascending order, who borders whom, and the outline of each where known."""

    level: str
    ids: Strings
    neighbours: csr_array | None  # (n, n) of 0 and 1, no diagonal; None where no area has an outline
    polygons: NDArray[np.object_] | None
    grid: Grid | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def positions(self, area_ids: pd.Series) -> Ints:
        """Position of each id among the areas, OUTSIDE for one that is not among them."""
        found: Ints = pd.Index(self.ids).get_indexer(pd.Index(area_ids.astype("str"))).astype(np.int64)
        return found


def cells(incidents: pd.DataFrame, grid: Grid, *, as_of: int) -> AreaSet:
    """Study area: the cells with an incident known by the as-of date, and the eight around each."""
    seen = incidents[_has_point(incidents) & incidents["occurred_on"].le(as_of) & incidents["known_on"].le(as_of)]
    if seen.empty:
        raise TooLittleHistoryError(
            "incidents: none with a place is known by the as-of date, so there is no study area."
        )
    occupied = np.unique(_cells_of(seen, grid), axis=0)
    spread = np.unique((occupied[:, None, :] + np.array(SQUARE)[None, :, :]).reshape(-1, 2), axis=0)
    ids = np.array([grid.name(column, row) for column, row in spread.tolist()])
    order = np.argsort(ids)
    return AreaSet("cell", ids[order], _queen(spread[order]), None, grid)


def townships(areas: pd.DataFrame) -> AreaSet:
    """Townships of the `areas` table; those without geometry have no neighbours and hold no points."""
    rows = areas[areas["level"].eq("township")].sort_values("area_id")
    if rows.empty:
        raise SchemaError("areas: no row has level `township`; add the townships, or forecast by cell.")
    ids = rows["area_id"].to_numpy(dtype=str)
    if not rows["geometry"].notna().any():
        return AreaSet("township", ids, None, None)
    polygons = np.array([_shape(text) for text in rows["geometry"]], dtype=object)
    return AreaSet("township", ids, _bordering(polygons), polygons)


def locate(incidents: pd.DataFrame, areas: AreaSet) -> Ints:
    """Position of each incident's area, OUTSIDE for one that lies in none; a given area id wins over a point."""
    found = areas.positions(incidents["area_id"])
    by_point = _has_point(incidents).to_numpy() & (found == OUTSIDE)
    if by_point.any():
        points = incidents[by_point]
        found[by_point] = _in_cells(points, areas) if areas.grid is not None else _in_polygons(points, areas)
    return found


def geometries(area_ids: Iterable[str], areas: pd.DataFrame | None) -> list[dict[str, Any] | None]:
    """GeoJSON outline of each area, WGS 84, to a metre: a cell's from its id, a township's from `areas`, else None."""
    names = list(area_ids)
    shapes = _drawn(names)
    if areas is not None:
        given = areas[areas["geometry"].notna() & areas["area_id"].isin(names)]
        shapes |= {str(name): _shape(text) for name, text in zip(given["area_id"], given["geometry"], strict=True)}
    outlined = np.array([shapes.get(name) for name in names], dtype=object)
    rounded = shapely.transform(outlined, lambda degrees: degrees.round(DECIMALS))
    return [None if text is None else json.loads(text) for text in shapely.to_geojson(rounded)]


def _drawn(names: Iterable[str]) -> dict[str, shapely.Geometry | None]:
    """Outline of each cell among the names, all of a grid at once."""
    of_grid: dict[Grid, dict[str, tuple[int, int]]] = {}
    for name in names:
        parts = name.removeprefix("c").split(":")
        if name.startswith("c") and len(parts) == CELL_PARTS:
            grid = Grid(int(parts[0]), float(parts[1]), float(parts[2]))
            of_grid.setdefault(grid, {})[name] = (int(parts[3]), int(parts[4]))
    return {
        name: shape
        for grid, found in of_grid.items()
        for name, shape in zip(found, grid.polygons(np.array(list(found.values()))), strict=True)
    }


def _has_point(incidents: pd.DataFrame) -> "pd.Series[bool]":
    # A first positive's or a treatment entry's date and point together would give the person away: never by point.
    placed = incidents["longitude"].notna() & incidents["latitude"].notna()
    return placed & ~incidents["kind"].isin(TOWNSHIP_ONLY)


def _cells_of(points: pd.DataFrame, grid: Grid) -> Ints:
    return grid.columns_and_rows(points["longitude"].to_numpy(float), points["latitude"].to_numpy(float))


def _in_cells(points: pd.DataFrame, areas: AreaSet) -> Ints:
    if areas.grid is None:
        raise ConfigError("areas: these have no grid, so points cannot be put into cells.")
    names = [areas.grid.name(column, row) for column, row in _cells_of(points, areas.grid).tolist()]
    return areas.positions(pd.Series(names, dtype="str"))


def _in_polygons(points: pd.DataFrame, areas: AreaSet) -> Ints:
    found = np.full(len(points), OUTSIDE, dtype=np.int64)
    if areas.polygons is None:
        return found
    places = shapely.points(points["longitude"].to_numpy(float), points["latitude"].to_numpy(float))
    point, area = shapely.STRtree(areas.polygons).query(places, predicate="intersects")
    order = np.lexsort((-area, point))  # a point on a border belongs to the first of its areas, written last
    found[point[order]] = area[order]
    return found


def _queen(spread: Ints) -> csr_array:
    position = {cell: place for place, cell in enumerate(map(tuple, spread.tolist()))}
    around = [step for step in SQUARE if step != (0, 0)]
    pairs = [
        (place, position[column + east, row + north])
        for (column, row), place in position.items()
        for east, north in around
        if (column + east, row + north) in position
    ]
    return _adjacency(np.array(pairs, dtype=np.int64).reshape(-1, 2), len(spread))


def _bordering(polygons: NDArray[np.object_]) -> csr_array:
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
