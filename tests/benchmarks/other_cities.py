"""The backtest of hotspots on invented cities of very different kinds: where the model is ahead, and where it is not.

python -m tests.benchmarks.other_cities [--kinds steady rising ...] [--seeds 1 2 3] [--keep DIR]

Each city is written as the plain files a stranger would bring (CSV of dates and places, GeoJSON of areas) and judged by
what `waystation backtest hotspot --incidents` calls. All are drawn from one family: a lasting map of log-normal weights
about a few centres; over it a level of the city and weights of the places that wander; then what the kind says.
Nothing of the recipe is to be tuned to one of them: that a change helps most and hurts none is what they can tell.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from training.runs import CityFiles, backtest_files

FIRST_DAY = np.datetime64("2018-01-01")
KM = 1 / 111.2  # degrees of latitude
TOLD = ("deviance_skill", "hit_rate@0.05", "predicted_over_observed", "pit_coverage_90", "city_coverage_90")
BASELINES = ("ewma", "eb_kernel", "etas", "kde", "count_all", "count_12m")
RANKED = ("deviance_skill", "deviance_nb_skill", *(f"hit_rate@{share}" for share in (0.01, 0.02, 0.05, 0.1, 0.2)))


@dataclass(frozen=True)
class Kind:
    """What makes a city: how much happens where, how it moves, and how it is told."""

    weeks: int = 312
    a_week: float = 12.0
    n_places: int = 250
    radius_km: float = 8.0
    spread: float = 1.2  # standard deviation of the log weights of places
    season: float = 0.15  # amplitude of its log
    wander: float = 0.03  # weekly steps of the log level of the city
    drift: float = 0.35  # standard deviation of the log weights that move, with a memory of half a year
    yearly: float = 0.0  # growth of the log level a year
    broken: float = 0.0  # step of the log level in the last half year
    burst: float = 0.0  # coefficient of variation of days
    followed: float = 0.0  # incidents that one brings about near it in the weeks after
    wanders_off: bool = False  # a third of the city's incidents move across it
    gap: bool = False  # a month without records
    addresses: bool = False  # geocoded to the centres of blocks
    largest: float = 0.0  # share of the place that has most
    middle: tuple[float, float] = (106.7, 26.6)
    unit: str = "grid:500"
    told: str = "points"  # or ids, ids with parents, points in outlines
    horizon_weeks: int = 4
    origins: int = 14


BASE = Kind()
IDS = Kind(unit="area", told="ids")
KINDS = {
    "plain": BASE,
    "lasting": replace(BASE, wander=0.0, drift=0.0, season=0.0),
    "big": replace(BASE, weeks=416, a_week=145.0, n_places=1500, radius_km=14.0, middle=(30.0, -26.2)),
    "tiny": replace(BASE, weeks=260, a_week=1.2),
    "young": replace(BASE, weeks=122),
    "seasons": replace(BASE, season=0.7),
    "rising": replace(BASE, yearly=np.log(3) / 3, wander=0.015),
    "falling": replace(BASE, yearly=np.log(0.3) / 3, a_week=25.0, wander=0.015),
    "doubled": replace(BASE, broken=np.log(2)),
    "halved": replace(BASE, broken=-np.log(2), a_week=25.0),
    "moving": replace(BASE, wanders_off=True),
    "followed": replace(BASE, followed=0.35),
    "bursts": replace(BASE, burst=1.5),
    "gap": replace(BASE, gap=True),
    "blocks": replace(BASE, addresses=True),
    "outlined": replace(BASE, unit="area", told="points in outlines"),
    "ten": replace(IDS, n_places=10, spread=0.6, a_week=40.0, drift=0.2),
    "ten rising": replace(IDS, n_places=10, spread=0.6, a_week=40.0, drift=0.2, yearly=np.log(3) / 3, wander=0.015),
    "ten few": replace(IDS, n_places=10, spread=0.6, a_week=3.0, drift=0.2),
    "eight bursts": replace(IDS, n_places=8, spread=0.6, a_week=60.0, drift=0.2, burst=1.5),
    "many": replace(IDS, n_places=300, a_week=10.0),
    "many dense": replace(IDS, n_places=300, a_week=200.0),
    "many rising": replace(IDS, n_places=170, a_week=25.0, yearly=np.log(3) / 3, wander=0.015),
    "one large": replace(IDS, n_places=40, a_week=15.0, largest=0.6),
    "parents": replace(IDS, n_places=120, a_week=15.0, told="ids with parents"),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Ground:
    """Where the places of a city are, east and north in km, and which of its centres each is of."""

    at_km: np.ndarray
    centre: np.ndarray


def ground_of(kind, drawn):
    angle, reach = drawn.uniform(0, 2 * np.pi, kind.n_places), np.sqrt(drawn.random(kind.n_places)) * kind.radius_km
    anywhere = np.column_stack([np.cos(angle), np.sin(angle)]) * reach[:, None]
    centres = drawn.normal(0, kind.radius_km / 3, (12, 2))
    centre = drawn.integers(0, 12, kind.n_places)
    about = centres[centre] + drawn.normal(0, kind.radius_km / 12, (kind.n_places, 2))
    return Ground(np.where(drawn.random(kind.n_places)[:, None] < 0.6, about, anywhere), centre)


def intensity(kind, ground, drawn):
    """Incidents to expect of each week and place, (weeks, places)."""
    week = np.arange(kind.weeks)
    lasting = drawn.normal(0, kind.spread, kind.n_places)
    keeps = 0.5 ** (1 / 26)
    moves = drawn.normal(0, kind.drift, (kind.weeks, kind.n_places))
    for each in range(1, kind.weeks):
        moves[each] = keeps * moves[each - 1] + np.sqrt(1 - keeps**2) * moves[each]
    weights = np.exp(lasting + moves)
    if kind.largest:
        rest = np.delete(weights, 0, axis=1).sum(axis=1)
        weights[:, 0] = kind.largest / (1 - kind.largest) * rest
    if kind.wanders_off:
        path = np.column_stack([np.linspace(-1, 1, kind.weeks), np.full(kind.weeks, 0.2)]) * kind.radius_km * 0.7
        near = np.exp(-0.5 * ((path[:, None] - ground.at_km[None]) ** 2).sum(axis=2))
        total = weights.sum(axis=1, keepdims=True)
        weights = 2 / 3 * weights + total / 3 * near / near.sum(axis=1, keepdims=True)
    level = np.cumsum(drawn.normal(0, kind.wander, kind.weeks)) + kind.yearly * week / 52
    level = level - level.mean() + kind.broken * (week >= kind.weeks - 26)
    level += kind.season * np.cos(2 * np.pi * week / 52.18)
    a_week = kind.a_week * np.exp(level)
    return weights / weights.mean(axis=0).sum() * a_week[:, None]


def happened(kind, rates, drawn):
    """Day and place of each incident that nothing led to."""
    days = np.repeat(rates.sum(axis=1) / 7, 7)
    if kind.burst:
        days = days * drawn.gamma(1 / kind.burst**2, kind.burst**2, len(days))
    counts = drawn.poisson(days)
    day = np.repeat(np.arange(len(days)), counts)
    share = np.cumsum(rates / rates.sum(axis=1, keepdims=True), axis=1)
    chance = drawn.random(len(day))
    place = np.array([np.searchsorted(share[each // 7], at) for each, at in zip(day, chance, strict=True)])
    return day, np.minimum(place, kind.n_places - 1)


def points_of(kind, ground, day, place, drawn):
    """Day, east and north in km of each incident, those that others led to included."""
    east_north = ground.at_km[place] + drawn.normal(0, 0.15, (len(day), 2))
    days, places, led = [day], [east_north], (day, east_north)
    while kind.followed and len(led[0]):
        n = drawn.poisson(kind.followed, len(led[0]))
        later = np.repeat(led[0], n) + 1 + drawn.exponential(14, n.sum()).astype(int)
        beside = np.repeat(led[1], n, axis=0) + drawn.normal(0, 0.2, (n.sum(), 2))
        led = later[later < 7 * kind.weeks], beside[later < 7 * kind.weeks]
        days.append(led[0])
        places.append(led[1])
    return np.concatenate(days), np.concatenate(places)


def city(kind, seed):
    """The table of a city's incidents as a stranger would bring it, and its areas as GeoJSON or a table, if it has."""
    drawn = np.random.default_rng(seed)
    ground = ground_of(kind, drawn)
    day, place = happened(kind, intensity(kind, ground, drawn), drawn)
    if kind.told.startswith("ids"):
        table = pd.DataFrame({"date": FIRST_DAY + day, "area_id": [f"A{each:03}" for each in place]})
        parents = [f"P{each:02}" for each in ground.centre]
        ids = [f"A{each:03}" for each in range(kind.n_places)]
        areas = pd.DataFrame({"area_id": ids, "parent_id": parents}) if "parents" in kind.told else None
        return table.sort_values("date"), areas
    day, east_north = points_of(kind, ground, day, place, drawn)
    if kind.gap:
        kept = (day < 7 * kind.weeks - 400) | (day >= 7 * kind.weeks - 370)
        day, east_north = day[kept], east_north[kept]
    if kind.addresses:
        east_north = np.round(east_north / 0.4) * 0.4
    lon, lat = _degrees(kind, east_north)
    table = pd.DataFrame({"date": FIRST_DAY + day, "lon": lon.round(5), "lat": lat.round(5)}).sort_values("date")
    return table, _outlines(kind) if "outlines" in kind.told else None


def _degrees(kind, east_north):
    lon, lat = kind.middle
    return lon + east_north[:, 0] * KM / np.cos(np.radians(lat)), lat + east_north[:, 1] * KM


def _outlines(kind, *, size_km=1.6):
    """Square areas of two parts each, the smaller lying apart, as GeoJSON; districts are halves of the city."""
    reach = int(np.ceil(kind.radius_km / size_km))
    features = []
    for column in range(-reach, reach):
        for row in range(-reach, reach):
            corners = _degrees(kind, np.array([(column, row), (column + 1, row + 1)]) * size_km)
            (west, east), (south, north) = corners
            main, island = (
                shapely.box(west, south, east, north),
                shapely.box(west + 1, south, west + 1.001, south + 0.001),
            )
            facts = {"area_id": f"T{column + reach:02}{row + reach:02}", "parent_id": "west" if column < 0 else "east"}
            shape = json.loads(shapely.to_geojson(shapely.MultiPolygon([main, island])))
            features.append({"type": "Feature", "properties": facts, "geometry": shape})
    return {"type": "FeatureCollection", "features": features}


def written(kind, seed, folder):
    """The files of a city, as the command is given them."""
    table, areas = city(kind, seed)
    table.to_csv(folder / "incidents.csv", index=False)
    path = None
    if isinstance(areas, dict):
        path = folder / "areas.geojson"
        path.write_text(json.dumps(areas), encoding="utf-8")
    elif areas is not None:
        path = folder / "areas.csv"
        areas.to_csv(path, index=False)
    return CityFiles(folder / "incidents.csv", path, kind.unit, (kind.horizon_weeks,), kind.origins)


def judged(kind, seed, folder):
    """The figures of a city at its horizon, and the seconds taken, of the clock and of processors."""
    folder.mkdir(parents=True, exist_ok=True)
    files = written(kind, seed, folder)
    began, used = time.perf_counter(), time.process_time()
    figures = backtest_files(files, None, lambda _: None)
    took = time.perf_counter() - began, time.process_time() - used
    (folder / "figures.json").write_text(json.dumps(figures, indent=1, allow_nan=False), encoding="utf-8")
    return figures["horizons"][str(kind.horizon_weeks)], took


def surely_behind(part):
    """The metrics and baselines where the whole 95 % interval of the difference lies on the baseline's side."""
    return [
        f"{metric} {name} {difference[metric]['difference']:+.3f}"
        for name, difference in part["paired"].items()
        for metric in RANKED
        if name != "prior" and difference[metric]["high"] is not None and difference[metric]["high"] < 0
    ]


def row_of(part):
    """The model's figures, and the skill of the baselines, as numbers."""
    models = part["models"]
    skills = [models[name]["deviance_skill"]["value"] for name in BASELINES]
    return np.array([*(models["lightgbm"][each]["value"] or np.nan for each in TOLD), *skills])


def print_row(name, row, end):
    print(f"{name:20}" + "".join(f"{each:8.3f}" for each in row) + f"  {end}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--keep", type=Path, help="where files and figures are kept")
    asked = parser.parse_args()
    print(" " * 20 + "".join(f"{name[:7]:>8}" for name in (*TOLD, *BASELINES)))
    means = []
    with tempfile.TemporaryDirectory() as made:
        for name in asked.kinds:
            rows = [told(name, seed, (asked.keep or Path(made)) / f"{name}-{seed}") for seed in asked.seeds]
            means.append(np.mean(rows, axis=0))
            print_row(f"{name}, mean", means[-1], "")
    print_row("mean of all kinds", np.mean(means, axis=0), "")
    return 0


def told(name, seed, folder):
    """The row of a city, printed with its size, the time it took, and where the model is surely behind."""
    part, (wall, processor) = judged(KINDS[name], seed, folder)
    counts, row = part["counts"], row_of(part)
    print_row(f"{name} {seed}", row, f"{counts['incidents']} in {counts['areas']}, {wall:.0f} s, {processor:.0f} s")
    for each in surely_behind(part):
        print("    behind:", each)
    return row


if __name__ == "__main__":
    sys.exit(main())
