"""WGS 84 from GCJ-02, the shifted coordinates of Chinese map vendors.

Only ever by an explicit choice: the two look alike, differ by 100 to 700 m, and no data say which they are. The shift
is that of the published reverse engineering; it is inverted by iteration, to well under a metre.
"""

from typing import Any

import numpy as np
import pandas as pd
import shapely

from features.arrays import Floats
from features.errors import ConfigError

WGS84, GCJ02 = COORDINATES = ("wgs84", "gcj02")
AXIS_M = 6378245.0  # Krasovsky 1940, as the shift has it
ECCENTRICITY = 0.00669342162296594323
CHINA = (72.004, 137.8347, 0.8293, 55.8271)  # the shift is applied inside this box alone: west, east, south, north
STEPS = 5  # each leaves about a hundredth of the error


def check_coordinates(given: str) -> None:
    """ConfigError when the name says nothing of how coordinates are to be read."""
    if given not in COORDINATES:
        raise ConfigError(f"--coordinates `{given}` is unknown; expected one of {list(COORDINATES)}.")


def in_wgs84(longitude: Floats, latitude: Floats, *, coordinates: str) -> tuple[Floats, Floats]:
    """Longitude and latitude in WGS 84; ConfigError when it is not said which coordinates were given."""
    check_coordinates(coordinates)
    return (longitude, latitude) if coordinates == "wgs84" else _unshifted(longitude, latitude)


def outline_in_wgs84(text: object, *, coordinates: str) -> str | None:
    """The GeoJSON text of an outline in WGS 84; None where there is none."""
    if not isinstance(text, str):
        return None

    def moved(degrees: Floats) -> Floats:
        return np.column_stack(in_wgs84(degrees[:, 0], degrees[:, 1], coordinates=coordinates)).astype(np.float64)

    return str(shapely.to_geojson(shapely.transform(shapely.from_geojson(text), moved)))


def rows_in_wgs84(rows: pd.DataFrame, *, coordinates: str) -> pd.DataFrame:
    """The rows of a table with the points and outlines they hold in WGS 84."""
    moved: dict[str, Any] = {}
    if {"longitude", "latitude"} <= {*rows.columns}:
        given = (rows[name].to_numpy(np.float64) for name in ("longitude", "latitude"))
        moved = dict(zip(("longitude", "latitude"), in_wgs84(*given, coordinates=coordinates), strict=True))
    if "geometry" in rows:
        texts = [outline_in_wgs84(text, coordinates=coordinates) for text in rows["geometry"]]
        moved["geometry"] = pd.Series(texts, index=rows.index, dtype=rows["geometry"].dtype)
    return rows.assign(**moved)


def shifted(longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
    """GCJ-02 of WGS 84 points; outside China they are the same."""
    west, east, south, north = CHINA
    inside = (longitude > west) & (longitude < east) & (latitude > south) & (latitude < north)
    x, y = longitude - 105.0, latitude - 35.0
    radians = np.radians(latitude)
    magic = 1 - ECCENTRICITY * np.sin(radians) ** 2
    metres_a_degree = np.pi / 180 * AXIS_M
    up = _northward(x, y) / (metres_a_degree * (1 - ECCENTRICITY) / magic**1.5)
    right = _eastward(x, y) / (metres_a_degree / np.sqrt(magic) * np.cos(radians))
    return np.where(inside, longitude + right, longitude), np.where(inside, latitude + up, latitude)


def _unshifted(longitude: Floats, latitude: Floats) -> tuple[Floats, Floats]:
    east, north = longitude, latitude
    for _ in range(STEPS):
        there_east, there_north = shifted(east, north)
        east, north = east - (there_east - longitude), north - (there_north - latitude)
    return east, north


def _northward(x: Floats, y: Floats) -> Floats:
    metres = -100 + 2 * x + 3 * y + 0.2 * y**2 + 0.1 * x * y + 0.2 * np.sqrt(np.abs(x))
    metres += (20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)) * 2 / 3
    metres += (20 * np.sin(np.pi * y) + 40 * np.sin(np.pi / 3 * y)) * 2 / 3
    metres += (160 * np.sin(np.pi / 12 * y) + 320 * np.sin(np.pi / 30 * y)) * 2 / 3
    return np.asarray(metres, np.float64)


def _eastward(x: Floats, y: Floats) -> Floats:
    metres = 300 + x + 2 * y + 0.1 * x**2 + 0.1 * x * y + 0.1 * np.sqrt(np.abs(x))
    metres += (20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)) * 2 / 3
    metres += (20 * np.sin(np.pi * x) + 40 * np.sin(np.pi / 3 * x)) * 2 / 3
    metres += (150 * np.sin(np.pi / 12 * x) + 300 * np.sin(np.pi / 30 * x)) * 2 / 3
    return np.asarray(metres, np.float64)
