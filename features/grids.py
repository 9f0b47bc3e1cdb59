"""Cells that need no map: squares of a local metric grid, and the hexagons of H3.

A square grid is an azimuthal equidistant projection (WGS 84, metres) about a centre rounded to 0.01 degrees, with cell
edges at multiples of the cell size; over one city its distances are right to a few parts in a million. A square's id
says all of that: in `c500:33.41:-111.93:12:-4` size in metres, latitude, longitude, column and row. A hexagon's id is
that of H3. So a cell can be drawn from its id alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import h3
import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from features.arrays import Floats, Ints, Objects
from features.errors import ConfigError, TooLittleHistoryError

SQUARE = [(east, north) for east in (-1, 0, 1) for north in (-1, 0, 1)]  # a cell and the eight around it
CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])  # of a cell, from its south-west around
CELL_PARTS = 5  # of a cell's id
BLOCK_CELLS = 8  # a block is this many cells wide; it stands for a district where none is known
BLOCK_STEPS = 2  # resolutions up from a hexagon to its block, of 49 hexagons
SMALLEST_M, LARGEST_M = 250, 1000  # finer than places are recorded; coarser than help is planned
HEXAGONS = (6, 10)  # resolutions allowed: edges of about 3.7 km to 76 m

Strings = NDArray[np.str_]
Shapes = Objects


@lru_cache(maxsize=16)
def transformer(latitude: float, longitude: float) -> Transformer:
    """From WGS 84 to metres around a point; kept, because making one takes ten times as long as drawing a cell."""
    local = f"+proj=aeqd +lat_0={latitude} +lon_0={longitude} +datum=WGS84 +units=m"
    return Transformer.from_crs("EPSG:4326", local, always_xy=True)


def metres(longitude: Floats, latitude: Floats) -> Floats:
    """East and north of points in metres, about their own middle, shape (n, 2)."""
    local = transformer(float(np.round(np.mean(latitude), 2)), float(np.round(np.mean(longitude), 2)))
    return np.column_stack(local.transform(longitude, latitude)).astype(np.float64).reshape(-1, 2)


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
        east_north = transformer(self.latitude, self.longitude).transform(longitude, latitude)
        return np.floor(np.column_stack(east_north).reshape(-1, 2) / self.cell_size_m).astype(np.int64)

    def name(self, column: int, row: int) -> str:
        """Id of a cell, from which the cell can be drawn again."""
        return f"c{self.cell_size_m}:{self.latitude:.2f}:{self.longitude:.2f}:{column}:{row}"

    def ids(self, longitude: Floats, latitude: Floats) -> Strings:
        """Id of the cell each point lies in."""
        return self._names(self.columns_and_rows(longitude, latitude))

    def dilated(self, ids: Strings) -> Strings:
        """The cells and the eight around each, in ascending order."""
        occupied = _places(np.unique(ids))
        spread = (occupied[:, None, :] + np.array(SQUARE)[None, :, :]).reshape(-1, 2)
        return np.unique(self._names(np.unique(spread, axis=0)))

    def bordering(self, ids: Strings) -> Ints:
        """Pairs of positions of cells that share an edge or a corner, both ways round, shape (pairs, 2)."""
        places = _places(ids)
        position = {cell: place for place, cell in enumerate(map(tuple, places.tolist()))}
        pairs = [
            (place, position[column + east, row + north])
            for (column, row), place in position.items()
            for east, north in SQUARE
            if (east, north) != (0, 0) and (column + east, row + north) in position
        ]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    def centres(self, ids: Strings) -> Floats:
        """Longitude and latitude of the middle of each cell, shape (n, 2)."""
        return self._degrees(np.asarray((_places(ids) + 0.5) * self.cell_size_m, np.float64))

    def blocks(self, ids: Strings) -> Strings:
        """The block of cells each lies in, an id."""
        places = _places(ids) // BLOCK_CELLS
        return np.array([f"block:{column}:{row}" for column, row in places.tolist()], dtype=str)

    def outlines(self, ids: Strings) -> Shapes:
        """Outlines of cells in WGS 84."""
        return self.polygons(_places(ids))

    def polygons(self, columns_and_rows: Ints) -> Shapes:
        """Outlines of cells in WGS 84, from their columns and rows, shape (n, 2)."""
        corners = (columns_and_rows[:, None, :] + CORNERS) * float(self.cell_size_m)
        degrees = self._degrees(corners.reshape(-1, 2))
        return np.asarray(shapely.polygons(degrees.reshape(corners.shape)), dtype=object)

    def _degrees(self, east_north: Floats) -> Floats:
        local = transformer(self.latitude, self.longitude)
        return np.column_stack(local.transform(*east_north.T, direction="INVERSE")).astype(np.float64)

    def _names(self, columns_and_rows: Ints) -> Strings:
        return np.array([self.name(column, row) for column, row in columns_and_rows.tolist()], dtype=str)


@dataclass(frozen=True)
class Hexagons:
    """The hexagons of H3 at one resolution (8: edges of about 530 m, 0.74 square kilometres)."""

    resolution: int

    def __post_init__(self) -> None:
        if not HEXAGONS[0] <= self.resolution <= HEXAGONS[1]:
            raise ConfigError(f"H3: resolution {self.resolution}; expected {HEXAGONS[0]} to {HEXAGONS[1]}.")

    def ids(self, longitude: Floats, latitude: Floats) -> Strings:
        """Id of the hexagon each point lies in."""
        points = zip(latitude.tolist(), longitude.tolist(), strict=True)
        return np.array([h3.latlng_to_cell(north, east, self.resolution) for north, east in points], dtype=str)

    def dilated(self, ids: Strings) -> Strings:
        """The hexagons and the six around each, in ascending order."""
        return np.unique([other for cell in np.unique(ids).tolist() for other in h3.grid_disk(cell, 1)])

    def bordering(self, ids: Strings) -> Ints:
        """Pairs of positions of hexagons that share an edge, both ways round, shape (pairs, 2)."""
        position = {cell: place for place, cell in enumerate(ids.tolist())}
        pairs = [
            (place, position[other])
            for cell, place in position.items()
            for other in sorted(h3.grid_ring(cell, 1))
            if other in position
        ]
        return np.array(pairs, dtype=np.int64).reshape(-1, 2)

    def centres(self, ids: Strings) -> Floats:
        """Longitude and latitude of the middle of each hexagon, shape (n, 2)."""
        return np.array([h3.cell_to_latlng(cell)[::-1] for cell in ids.tolist()], dtype=np.float64).reshape(-1, 2)

    def blocks(self, ids: Strings) -> Strings:
        """The larger hexagon each lies in, two resolutions up."""
        return np.array([h3.cell_to_parent(cell, self.resolution - BLOCK_STEPS) for cell in ids.tolist()], dtype=str)

    def outlines(self, ids: Strings) -> Shapes:
        """Outlines of hexagons in WGS 84."""
        rings = [[(east, north) for north, east in h3.cell_to_boundary(cell)] for cell in ids.tolist()]
        return np.array([shapely.Polygon(ring) for ring in rings], dtype=object)


def drawn(names: Iterable[str]) -> dict[str, shapely.Geometry]:
    """Outline of each cell among the names, all of a grid at once; other names are left out."""
    of_tiling: dict[Grid | Hexagons, list[str]] = {}
    for name in names:
        parts = name.removeprefix("c").split(":")
        if name.startswith("c") and len(parts) == CELL_PARTS:
            of_tiling.setdefault(Grid(int(parts[0]), float(parts[1]), float(parts[2])), []).append(name)
        elif h3.is_valid_cell(name) and HEXAGONS[0] <= h3.get_resolution(name) <= HEXAGONS[1]:
            of_tiling.setdefault(Hexagons(h3.get_resolution(name)), []).append(name)
    return {
        name: shape
        for tiling, found in of_tiling.items()
        for name, shape in zip(found, tiling.outlines(np.array(found)), strict=True)
    }


def _places(ids: Strings) -> Ints:
    """Column and row of each square, from its id, shape (n, 2)."""
    return np.array([name.rsplit(":", 2)[1:] for name in ids.tolist()], dtype=np.int64).reshape(-1, 2)
