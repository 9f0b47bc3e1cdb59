"""The invented ground: an outline, townships as Voronoi cells, districts of neighbouring ones, and the stations."""

from dataclasses import dataclass

import numpy as np
import shapely
from scipy.cluster.vq import kmeans2
from scipy.spatial import cKDTree

from features.arrays import Flags, Floats, Ints
from training.city.figures import PlaceFigures


@dataclass(frozen=True)
class Places:
    """Per township its seed (metres east and north of the centre), polygon, district and population.

    Stations are numbered through, by township; `station_township` says where each stands.
    """

    outline: shapely.Polygon
    seeds: Floats
    polygons: tuple[shapely.Polygon, ...]
    district: Ints
    population: Ints
    station_township: Ints

    def __len__(self) -> int:
        return len(self.seeds)

    def township_of(self, points: Floats) -> Ints:
        """The township of each point: a Voronoi cell belongs to the nearest seed."""
        return np.asarray(cKDTree(self.seeds).query(points)[1], dtype=np.int64)

    def inside(self, points: Floats) -> Flags:
        """Whether each point lies within the outline."""
        return np.asarray(shapely.contains_xy(self.outline, points[:, 0], points[:, 1]))

    def station_in(self, township: Ints, rng: np.random.Generator) -> Ints:
        """A station of each township, one of its several by chance."""
        first = np.searchsorted(self.station_township, township, side="left")
        behind = np.searchsorted(self.station_township, township, side="right")
        return first + (rng.random(len(township)) * (behind - first)).astype(np.int64)

    def another_near(self, township: Ints, reach_m: float, rng: np.random.Generator) -> Ints:
        """Another township than each, by chance: likelier the nearer it is and the more people live there."""
        apart = np.hypot(*(self.seeds[township][:, None] - self.seeds).transpose(2, 0, 1))
        pull = self.population * np.exp(-apart / reach_m)
        pull[np.arange(len(township)), township] = 0
        line = np.cumsum(pull, axis=1)
        return np.asarray((line <= rng.random((len(township), 1)) * line[:, -1:]).sum(axis=1))


def lay_out(figures: PlaceFigures, rng: np.random.Generator) -> Places:
    """The ground of a city."""
    outline = _outline(figures, rng)
    seeds = _seeds(outline, figures, rng)
    polygons = _cells(seeds, outline)
    population = _population(seeds, polygons, figures, rng)
    # Every township has a station, the most populous a second.
    n_more = figures.stations - figures.townships
    standing = np.concatenate([np.arange(len(seeds)), np.argsort(-population)[:n_more]])
    return Places(
        outline=outline,
        seeds=seeds,
        polygons=polygons,
        district=_districts(seeds, figures.districts, rng),
        population=population,
        station_township=np.sort(standing),
    )


def _outline(figures: PlaceFigures, rng: np.random.Generator) -> shapely.Polygon:
    """A city's edge: a circle bent by a few slow waves."""
    angle = np.linspace(0, 2 * np.pi, figures.outline_points, endpoint=False)
    waves = [
        rng.normal(0, figures.outline_sd / k) * np.cos(k * angle + rng.uniform(0, 2 * np.pi))
        for k in figures.outline_waves
    ]
    radius = figures.radius_m * (1 + np.sum(waves, axis=0))
    return shapely.Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))


def _seeds(outline: shapely.Polygon, figures: PlaceFigures, rng: np.random.Generator) -> Floats:
    """One seed a township, closer together towards the middle, spread by Lloyd's rounds so that none is a sliver."""
    n = 20 * figures.townships  # far more than will lie within the outline, of which the first are kept
    radius = figures.seed_reach * figures.radius_m * rng.random(n) ** figures.seed_power
    angle = rng.uniform(0, 2 * np.pi, n)
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    seeds = points[shapely.contains_xy(outline, points[:, 0], points[:, 1])][: figures.townships]
    for _ in range(figures.seed_rounds):
        seeds = np.array([_middle(shape) for shape in _cells(seeds, outline)])
    return seeds


def _middle(shape: shapely.Polygon) -> tuple[float, float]:
    """The centroid, or where that lies outside a point that does not."""
    point = shape.centroid if shape.contains(shape.centroid) else shape.representative_point()
    return point.x, point.y


def _cells(seeds: Floats, outline: shapely.Polygon) -> tuple[shapely.Polygon, ...]:
    """The Voronoi cell of each seed, clipped to the outline, in the seeds' order."""
    width = outline.bounds[2] - outline.bounds[0]
    cells = shapely.voronoi_polygons(shapely.MultiPoint(seeds), extend_to=outline.buffer(width)).geoms
    tree = shapely.STRtree(list(cells))
    owner = tree.query(shapely.points(seeds), predicate="within")[1]
    clipped = [shapely.intersection(tree.geometries[cell], outline) for cell in owner]
    return tuple(max(shapely.get_parts(shape), key=lambda part: part.area) for shape in clipped)


def _population(
    seeds: Floats, polygons: tuple[shapely.Polygon, ...], figures: PlaceFigures, rng: np.random.Generator
) -> Ints:
    """Inhabitants a township, to the hundred: denser towards the middle."""
    falling = np.exp(-np.hypot(*seeds.T) / (figures.density_fall * figures.radius_m))
    density = falling * rng.lognormal(0, figures.density_sd, len(seeds))
    share = np.array([shape.area for shape in polygons]) * density
    people = figures.inhabitants * share / share.sum()
    return np.maximum(np.round(people, -2), figures.least_inhabitants).astype(np.int64)


def _districts(seeds: Floats, n_districts: int, rng: np.random.Generator) -> Ints:
    """The district of each township: those near one another are put together."""
    _, district = kmeans2(seeds, n_districts, minit="++", missing="raise", seed=rng)
    return np.asarray(district, dtype=np.int64)
