"""The invented city: an outline, four districts, townships as Voronoi cells, and their stations."""

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyproj
import shapely
from scipy.spatial import cKDTree

from training.city.weeks import Bools, Floats, Ints

# The middle of the invented city lies in open desert, so that no real place is pictured.
CENTRE_LONGITUDE, CENTRE_LATITUDE = 101.5, 40.5
RADIUS_M = 12_500.0

DISTRICTS = (("北驿区", "Beiyi"), ("东檐区", "Dongyan"), ("南廪区", "Nanlin"), ("西栈区", "Xizhan"))
TOWNSHIPS = (
    ("栖云", "Qiyun"), ("霁桥", "Jiqiao"), ("松涧", "Songjian"), ("望炊", "Wangchui"), ("石笺", "Shijian"),
    ("鹭湾", "Luwan"), ("青檐", "Qingyan"), ("槐荫里", "Huaiyinli"), ("听泉坞", "Tingquanwu"), ("晒书台", "Shaishutai"),
    ("半山集", "Banshanji"), ("灯市", "Dengshi"), ("白驹", "Baiju"), ("燕归", "Yangui"), ("浅渡", "Qiandu"),
    ("芦笛", "Ludi"), ("砚池", "Yanchi"), ("春耕里", "Chungengli"), ("停云", "Tingyun"), ("蓑衣坪", "Suoyiping"),
    ("磨盘口", "Mopankou"), ("远帆", "Yuanfan"), ("麦香", "Maixiang"), ("竹外", "Zhuwai"),
)  # fmt: skip

SECOND_STATION_SHARE = 0.3  # of townships, the most populous ones


@dataclass(frozen=True)
class Places:
    """The city's ground: per township its seed (metres east and north of the centre), polygon, district, population.

    Stations are numbered through; `station_township` says where each stands, `opened` when (days since 1970-01-01).
    """

    outline: shapely.Polygon
    seeds: Floats
    polygons: tuple[shapely.Polygon, ...]
    district: Ints
    population: Ints
    station_township: Ints
    station_opened: Ints

    def township_of(self, points: Floats) -> Ints:
        """The township of each point: a Voronoi cell belongs to the nearest seed."""
        return np.asarray(cKDTree(self.seeds).query(points)[1], dtype=np.int64)

    def inside(self, points: Floats) -> Bools:
        """Whether each point lies within the city's outline."""
        return np.asarray(shapely.contains_xy(self.outline, points[:, 0], points[:, 1]))

    def station_in(self, township: Ints, rng: np.random.Generator) -> Ints:
        """A station of each township, one of its two by chance where it has two."""
        first = np.searchsorted(self.station_township, township, side="left")
        behind = np.searchsorted(self.station_township, township, side="right")
        return first + (rng.random(len(township)) * (behind - first)).astype(np.int64)


def lay_out(opens: int, rng: np.random.Generator) -> Places:
    """The city's ground; stations opened in the six years before `opens`, days since 1970-01-01."""
    outline = _outline(rng)
    seeds = _seeds(outline, rng)
    polygons = _cells(seeds, outline)
    district = ((np.degrees(np.arctan2(seeds[:, 0], seeds[:, 1])) + 45) % 360 // 90).astype(np.int64)
    # People live denser towards the middle; density falls by half about every five kilometres.
    density = 2600 * np.exp(-np.hypot(*seeds.T) / 7000) * rng.lognormal(0, 0.3, len(seeds))
    population = np.array([shape.area for shape in polygons]) / 1e6 * density
    n_second = round(SECOND_STATION_SHARE * len(seeds))
    station_township = np.sort(np.concatenate([np.arange(len(seeds)), np.argsort(-population)[:n_second]]))
    return Places(
        outline=outline,
        seeds=seeds,
        polygons=polygons,
        district=district,
        population=np.round(population, -2).astype(np.int64),
        station_township=station_township,
        station_opened=opens - rng.integers(800, 2200, len(station_township)),
    )


def _outline(rng: np.random.Generator) -> shapely.Polygon:
    """A city's edge about 25 km across: a circle bent by a few slow waves."""
    angle = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    waves = [rng.normal(0, 0.11 / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi)) for k in (1, 2, 3, 5)]
    radius = RADIUS_M * (1 + np.sum(waves, axis=0))
    return shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))


def _seeds(outline: shapely.Polygon, rng: np.random.Generator) -> Floats:
    """One seed a township, spread by Lloyd's rounds so that no township is a sliver."""
    radius = 0.92 * RADIUS_M * rng.random(len(TOWNSHIPS)) ** 0.65
    angle = rng.uniform(0, 2 * np.pi, len(TOWNSHIPS))
    seeds = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    for _ in range(2):
        seeds = np.array([(shape.centroid.x, shape.centroid.y) for shape in _cells(seeds, outline)])
    return seeds


def _cells(seeds: Floats, outline: shapely.Polygon) -> tuple[shapely.Polygon, ...]:
    """The Voronoi cell of each seed, clipped to the outline, in the seeds' order."""
    cells = shapely.voronoi_polygons(shapely.MultiPoint(seeds), extend_to=outline.buffer(RADIUS_M)).geoms
    tree = shapely.STRtree(list(cells))
    owner = tree.query(shapely.points(seeds), predicate="within")[1]
    clipped = [shapely.intersection(tree.geometries[cell], outline) for cell in owner]
    return tuple(max(shapely.get_parts(shape), key=lambda part: part.area) for shape in clipped)


def to_degrees(points: Floats) -> Floats:
    """Longitude and latitude (WGS 84, to a metre) of points in metres from the centre."""
    ground = pyproj.Proj(proj="aeqd", lon_0=CENTRE_LONGITUDE, lat_0=CENTRE_LATITUDE, ellps="WGS84")
    longitude, latitude = ground(points[:, 0], points[:, 1], inverse=True)
    return np.round(np.column_stack([longitude, latitude]), 5)


def township_ids(township: Ints) -> pd.Series:
    """The area ids of townships given by number."""
    names = np.array([f"T{number + 1:02d}" for number in range(len(TOWNSHIPS))])
    return pd.Series(names[township], dtype="str")


def station_ids(places: Places, station: Ints) -> pd.Series:
    """The ids of stations given by number."""
    names = np.array([f"S{number + 1:02d}" for number in range(len(places.station_township))])
    return pd.Series(names[station], dtype="str")


def areas_table(places: Places) -> pd.DataFrame:
    """The `areas` table: districts, then townships."""
    townships = pd.DataFrame(
        {
            "area_id": township_ids(np.arange(len(TOWNSHIPS))),
            "level": "township",
            "parent_id": [f"D{number + 1}" for number in places.district],
            "name_zh": [f"{zh}镇" for zh, _ in TOWNSHIPS],
            "name_en": [f"{en} Township" for _, en in TOWNSHIPS],
            "population": places.population,
            "geometry": [_geojson(shape) for shape in places.polygons],
        }
    )
    return pd.concat([_districts_table(places), townships], ignore_index=True)


def _districts_table(places: Places) -> pd.DataFrame:
    members = [np.flatnonzero(places.district == number) for number in range(len(DISTRICTS))]
    return pd.DataFrame(
        {
            "area_id": [f"D{number + 1}" for number in range(len(DISTRICTS))],
            "level": "district",
            "parent_id": None,
            "name_zh": [zh for zh, _ in DISTRICTS],
            "name_en": [f"{en} District" for _, en in DISTRICTS],
            "population": [int(places.population[member].sum()) for member in members],
            "geometry": [_geojson(shapely.union_all([places.polygons[i] for i in member])) for member in members],
        }
    ).astype({"parent_id": "str"})


def _geojson(shape: shapely.Geometry) -> str:
    degrees = shapely.transform(shape, to_degrees)
    return json.dumps(json.loads(shapely.to_geojson(degrees)), separators=(",", ":"))


def stations_table(places: Places, social_workers: Ints) -> pd.DataFrame:
    """The `stations` table; `opened_on` as days since 1970-01-01."""
    township = places.station_township
    second = np.concatenate([[False], township[1:] == township[:-1]])
    mark = [("第二", " Second") if late else ("", "") for late in second]
    return pd.DataFrame(
        {
            "station_id": station_ids(places, np.arange(len(township))),
            "name_zh": [f"{TOWNSHIPS[t][0]}{zh}阳光驿站" for t, (zh, _) in zip(township, mark, strict=True)],
            "name_en": [f"{TOWNSHIPS[t][1]}{en} Sunshine Station" for t, (_, en) in zip(township, mark, strict=True)],
            "township_id": township_ids(township),
            "social_workers": social_workers,
            "opened_on": places.station_opened,
        }
    )
