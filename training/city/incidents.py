"""Overdoses on the ground, seen and unseen, and first positives and treatment entries by township."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.arrays import Flags, Floats, Ints
from training.city.areas import Projection
from training.city.arrival import latest_of
from training.city.figures import IncidentFigures
from training.city.ground import CITY, Ground, chance
from training.city.places import Places
from training.city.presets import PRESETS
from training.city.rows import Rows, code, codes, where
from training.city.stations import township_ids
from training.city.weeks import as_dates

TOLD = np.dtype([("occurred_on", np.int64), ("known_on", np.int64), ("first", np.bool_), ("township", np.int64)])
TESTS = ("urine_test", "hair_test")
REPORTERS = ("citizen", "service", "enforcement", "")  # the last: nobody tells of it


@dataclass(frozen=True)
class LastingMap:
    """Centres of cells (metres), each one's long-run share of overdoses, and its township."""

    centres: Floats
    share: Floats
    township: Ints


@dataclass(frozen=True)
class Harm:
    """Overdoses by (week, township): expected in truth, and expected to be told of; the map within townships."""

    expected: Floats
    seen: Floats
    lasting: LastingMap


def harm(ground: Ground) -> Harm:
    """The true intensity of overdoses of a city; where services look less, less of it is seen."""
    figures = ground.figures
    lasting = _lasting_map(ground.places, figures.places.cell_m, figures.incidents, chance(ground.plan, CITY, 3))
    expected = _intensity(lasting, ground)
    return Harm(expected=expected, seen=expected * (1 - _reported(ground)[:, -1]), lasting=lasting)


def _lasting_map(places: Places, cell_m: float, figures: IncidentFigures, rng: np.random.Generator) -> LastingMap:
    """A few clusters that persist on top of overdoses that follow where people live."""
    reach = np.ceil(np.abs(np.array(places.outline.bounds)).max() / cell_m) * cell_m
    edge = np.arange(-reach, reach, cell_m) + cell_m / 2
    centres = np.stack(np.meshgrid(edge, edge), axis=-1).reshape(-1, 2)
    centres = centres[places.inside(centres)]
    township = places.township_of(centres)
    n_cells = np.bincount(township, minlength=len(places))
    crowd = (places.population / np.maximum(n_cells, 1))[township]
    crowd /= crowd.sum()
    middles = centres[rng.choice(len(centres), figures.clusters, p=crowd)]
    away = ((centres[:, None, :] - middles) ** 2).sum(axis=2)
    least, most = figures.cluster_cells
    peaks = np.exp(-0.5 * away / rng.uniform(least * cell_m, most * cell_m, figures.clusters) ** 2)
    weights = rng.dirichlet(np.full(figures.clusters, figures.cluster_evenness)) / peaks.sum(axis=0)
    clusters = (peaks * weights).sum(axis=1)
    share = figures.cluster_share * clusters + (1 - figures.cluster_share) * crowd
    return LastingMap(centres, share, township)


def _intensity(lasting: LastingMap, ground: Ground) -> Floats:
    """The expected overdoses by (week, township): the lasting map, bent by availability, times the city's level."""
    supply, figures = ground.supply, ground.figures.incidents
    share = np.bincount(lasting.township, weights=lasting.share, minlength=len(ground.places))
    bent = share * np.exp(figures.availability * (supply.availability - supply.availability.mean(axis=0)))
    level = overdoses_a_week(ground) * supply.level / supply.level.mean()
    return np.asarray(level[:, None] * bent / bent.sum(axis=1).mean())


def overdoses_a_week(ground: Ground) -> float:
    """The mean of the city's true overdoses a week: those of its preset, as many times as it has the preset's persons.

    Not fewer than a hotspot model can be tried on, unless the place itself has fewer.
    """
    figures, plan = ground.figures.incidents, ground.plan
    of_preset = figures.overdoses_a_week
    return max(of_preset * plan.persons / PRESETS[plan.preset].persons, min(figures.least_overdoses_a_week, of_preset))


def _reported(ground: Ground) -> Floats:
    """By (township, reporter) the share of overdoses each tells of; services of more where stations are diligent."""
    figures, places = ground.figures.incidents, ground.places
    n = np.bincount(places.station_township)
    diligence = np.bincount(places.station_township, weights=ground.stations.diligence) / n
    service = figures.service_share * np.exp(figures.service_by_diligence * diligence)
    citizen, enforcement = (np.full(len(n), share) for share in (figures.citizen_share, figures.enforcement_share))
    service = np.minimum(service, 1 - citizen - enforcement)
    return np.column_stack([citizen, service, enforcement, 1 - citizen - service - enforcement])


def told_of(known: Rows, positive_before: Flags) -> Rows:
    """First positive tests and entries to treatment, as rows of TOLD: the days of the record, which, and where.

    From what arrived, by its latest revision, so that what was lost or taken back is told of nowhere. `positive_before`
    names the persons (by their number in the block) with a positive test before records open: a later one is no first.
    """
    latest = latest_of(known)
    tests = np.isin(latest["kind"], codes("kind", TESTS)) & (latest["outcome"] == code("outcome", "positive"))
    positive = latest[tests & ~positive_before[latest["person"]]]
    positive = positive[np.argsort(positive["occurred_on"], kind="stable")]
    first = positive[np.unique(positive["person"], return_index=True)[1]]
    entered = where(latest, kind="programme_start") & ~where(latest, outcome="community_rehabilitation")
    told = np.zeros(len(first) + int(entered.sum()), dtype=TOLD)
    for name in ("occurred_on", "known_on", "township"):
        told[name] = np.concatenate([first[name], latest[name][entered]])
    told["first"][: len(first)] = True
    return told


def incidents_table(told: Rows, ground: Ground, happening: Harm) -> pd.DataFrame:
    """The `incidents` table: overdoses with coordinates, first positives and treatment entries by township alone."""
    rng, figures = chance(ground.plan, CITY, 4), ground.figures.incidents
    within = told[told["occurred_on"] >= ground.weeks.opening]
    happened = pd.concat([_overdoses(happening, ground, rng), _by_township(within, ground)], ignore_index=True)
    delay = np.minimum(rng.poisson(figures.delay_days, len(happened)), figures.most_delay_days)
    known_on = happened["to_be_told_on"] + delay
    happened = happened.assign(known_on=known_on)[known_on <= ground.weeks.until]
    order = ["known_on", "occurred_on", "kind", "area_id"]
    happened = happened.sort_values(order, kind="stable", ignore_index=True)
    return pd.DataFrame(
        {
            "incident_id": "I" + pd.Series(np.arange(1, len(happened) + 1)).astype("str").str.zfill(7),
            "occurred_on": as_dates(happened["occurred_on"].to_numpy()),
            "known_on": as_dates(happened["known_on"].to_numpy()),
            "kind": happened["kind"],
            "reported_by": happened["reported_by"],
            "longitude": happened["longitude"],
            "latitude": happened["latitude"],
            "area_id": happened["area_id"].astype("str"),
        }
    )


def _overdoses(happening: Harm, ground: Ground, rng: np.random.Generator) -> pd.DataFrame:
    """Poisson counts by week and township, each placed within it by the lasting map; those anyone tells of."""
    calendar, figures = ground.weeks, ground.figures.places
    counts = rng.poisson(happening.expected[calendar.opens :])
    week, township = (np.repeat(index, counts.ravel()) for index in np.indices(counts.shape).reshape(2, -1))
    cell = _cells(happening.lasting, township, len(ground.places), rng)
    within = rng.uniform(-figures.cell_m / 2, figures.cell_m / 2, (len(cell), 2))
    degrees = Projection(figures.longitude, figures.latitude).to_degrees(happening.lasting.centres[cell] + within)
    shares = _reported(ground).cumsum(axis=1)[township]
    reporter = np.minimum((rng.random((len(week), 1)) > shares).sum(axis=1), len(REPORTERS) - 1)
    occurred_on = calendar.opening + 7 * week + rng.integers(0, 7, len(week))
    made = pd.DataFrame(
        {
            "occurred_on": occurred_on,
            "to_be_told_on": occurred_on,
            "kind": "overdose",
            "reported_by": np.array(REPORTERS)[reporter],
            "longitude": degrees[:, 0],
            "latitude": degrees[:, 1],
            "area_id": None,
        }
    )
    return made[made["reported_by"] != ""]


def _cells(lasting: LastingMap, township: Ints, n_townships: int, rng: np.random.Generator) -> Ints:
    """A cell of each township, drawn by the lasting map.

    The cells of all townships lie on one line, each as long as its share: a point of the township's stretch is a cell.
    """
    order = np.argsort(lasting.township, kind="stable")
    line = np.concatenate([[0.0], np.cumsum(lasting.share[order])])
    ends = np.searchsorted(lasting.township[order], np.arange(n_townships + 1))
    first, behind = ends[:-1][township], ends[1:][township]
    point = line[first] + rng.random(len(township)) * (line[behind] - line[first])
    place = np.searchsorted(line, point, side="right") - 1
    return np.asarray(order[np.clip(place, first, behind - 1)])


def _by_township(told: Rows, ground: Ground) -> pd.DataFrame:
    """First positives and treatment entries, to be told on once their own record is there."""
    return pd.DataFrame(
        {
            "occurred_on": told["occurred_on"],
            "to_be_told_on": told["known_on"],
            "kind": np.where(told["first"], "first_positive", "treatment_entry"),
            "reported_by": "service",
            "longitude": np.nan,
            "latitude": np.nan,
            "area_id": township_ids(ground.places, told["township"]),
        }
    )
