"""The `areas` table: districts, then townships, with invented names and synthetic shapes in WGS 84."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyproj
import shapely

from features.arrays import Floats
from training.city.figures import PlaceFigures
from training.city.names import DISTRICTS, ids, township_names
from training.city.places import Places
from training.city.stations import township_ids


@dataclass(frozen=True)
class Projection:
    """Where the invented city's centre lies on the globe, degrees."""

    longitude: float
    latitude: float

    def to_degrees(self, points: Floats) -> Floats:
        """Longitude and latitude (WGS 84, to a metre) of points in metres from the centre."""
        ground = pyproj.Proj(proj="aeqd", lon_0=self.longitude, lat_0=self.latitude, ellps="WGS84")
        longitude, latitude = ground(points[:, 0], points[:, 1], inverse=True)
        return np.round(np.column_stack([longitude, latitude]), 5)

    def geojson(self, shape: shapely.Geometry) -> str:
        """The shape as GeoJSON text."""
        degrees = shapely.transform(shape, self.to_degrees)
        return json.dumps(json.loads(shapely.to_geojson(degrees)), separators=(",", ":"))


def areas_table(places: Places, figures: PlaceFigures) -> pd.DataFrame:
    """The `areas` table of a city."""
    onto = Projection(figures.longitude, figures.latitude)
    numbers = np.arange(figures.districts)
    members = [np.flatnonzero(places.district == number) for number in numbers]
    names = township_names(len(places))
    districts = pd.DataFrame(
        {
            "area_id": ids("D", numbers, 1),
            "level": "district",
            "parent_id": None,
            "name_zh": [DISTRICTS[number][0] for number in numbers],
            "name_en": [f"{DISTRICTS[number][1]} District" for number in numbers],
            "population": [int(places.population[member].sum()) for member in members],
            "geometry": [onto.geojson(shapely.union_all([places.polygons[i] for i in member])) for member in members],
        }
    ).astype({"parent_id": "str"})
    townships = pd.DataFrame(
        {
            "area_id": township_ids(places, np.arange(len(places))),
            "level": "township",
            "parent_id": ids("D", places.district, 1),
            "name_zh": [f"{zh}镇" for zh, _ in names],
            "name_en": [f"{en} Township" for _, en in names],
            "population": places.population,
            "geometry": [onto.geojson(shape) for shape in places.polygons],
        }
    )
    return pd.concat([districts, townships], ignore_index=True)
