"""Overdoses on the ground, first positives and treatment entries by township, and how hard anyone looked."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.vocabulary import TEST_GIVEN
from training.city.places import RADIUS_M, TOWNSHIPS, Places, to_degrees, township_ids
from training.city.supply import Supply
from training.city.weeks import Floats, Ints, Weeks, as_dates

OVERDOSES_PER_WEEK = 25.0
CELL_M = 250.0  # the grain of the true intensity
N_CLUSTERS, CLUSTER_SHARE = 14, 0.55  # places that persist, and their share of all overdoses
AVAILABILITY_EFFECT = 0.8  # of the hidden field on the log of the rate of a township
REPORTERS = {"citizen": 0.45, "service": 0.5, "enforcement": 0.05}


@dataclass(frozen=True)
class Ground:
    """The lasting map: centres of cells (metres), each one's long-run share of overdoses, and its township."""

    centres: Floats
    share: Floats
    township: Ints


def ground(places: Places, rng: np.random.Generator) -> Ground:
    """A few clusters that persist on top of overdoses that follow where people live."""
    edge = np.arange(-1.6 * RADIUS_M, 1.6 * RADIUS_M, CELL_M) + CELL_M / 2
    centres = np.stack(np.meshgrid(edge, edge), axis=-1).reshape(-1, 2)
    centres = centres[places.inside(centres)]
    township = places.township_of(centres)
    n_cells = np.bincount(township, minlength=len(places.seeds))
    crowd = (places.population / np.maximum(n_cells, 1))[township]
    crowd /= crowd.sum()
    middles = centres[rng.choice(len(centres), N_CLUSTERS, p=crowd)]
    away = ((centres[:, None, :] - middles) ** 2).sum(axis=2)
    peaks = np.exp(-0.5 * away / rng.uniform(250, 800, N_CLUSTERS) ** 2)
    clusters = (peaks / peaks.sum(axis=0)) @ rng.dirichlet(np.full(N_CLUSTERS, 1.5))
    return Ground(centres, CLUSTER_SHARE * clusters + (1 - CLUSTER_SHARE) * crowd, township)


def intensity(ground: Ground, supply: Supply, n_townships: int) -> Floats:
    """The expected overdoses by (week, township): the lasting map, bent by availability, times the city's level."""
    share = np.bincount(ground.township, weights=ground.share, minlength=n_townships)
    bent = share * np.exp(AVAILABILITY_EFFECT * (supply.availability - supply.availability.mean(axis=0)))
    level = OVERDOSES_PER_WEEK * supply.level / supply.level.mean()
    return np.asarray(level[:, None] * bent / bent.sum(axis=1, keepdims=True))


def incidents_table(
    events: pd.DataFrame, ground: Ground, expected: Floats, weeks: Weeks, rng: np.random.Generator
) -> pd.DataFrame:
    """The `incidents` table: overdoses with coordinates, first positives and treatment entries by township alone."""
    happened = pd.concat([_overdoses(ground, expected, weeks, rng), _told_of(events)], ignore_index=True)
    known_on = happened["occurred_on"] + np.minimum(rng.poisson(2.5, len(happened)), 12)
    happened = happened.assign(known_on=known_on)[known_on <= weeks.until]
    happened = happened.sort_values(["known_on", "occurred_on", "kind"], kind="stable", ignore_index=True)
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


def _overdoses(ground: Ground, expected: Floats, weeks: Weeks, rng: np.random.Generator) -> pd.DataFrame:
    """Poisson counts by week and township, each placed in a cell of the township by the lasting map."""
    counts = rng.poisson(expected[weeks.opens :])
    week, township = (np.repeat(index, counts.ravel()) for index in np.indices(counts.shape).reshape(2, -1))
    cell = np.empty(len(week), dtype=np.int64)
    for number in range(expected.shape[1]):
        cells = np.flatnonzero(ground.township == number)
        mine = township == number
        share = ground.share[cells] / ground.share[cells].sum()
        cell[mine] = rng.choice(cells, int(mine.sum()), p=share)
    points = ground.centres[cell] + rng.uniform(-CELL_M / 2, CELL_M / 2, (len(cell), 2))
    degrees = to_degrees(points)
    return pd.DataFrame(
        {
            "occurred_on": weeks.monday(weeks.opens) + 7 * week + rng.integers(0, 7, len(week)),
            "kind": "overdose",
            "reported_by": rng.choice(list(REPORTERS), len(week), p=list(REPORTERS.values())),
            "longitude": degrees[:, 0],
            "latitude": degrees[:, 1],
            "area_id": None,
        }
    )


def _told_of(recorded: pd.DataFrame) -> pd.DataFrame:
    """First positives and treatment entries of the recorded histories; nothing of a person but the township."""
    positive = recorded[(recorded["kind"] == "urine_test") & (recorded["outcome"] == "positive")]
    first = positive.sort_values("occurred_on", kind="stable").drop_duplicates("person")
    entry = recorded[(recorded["kind"] == "programme_start") & (recorded["outcome"] != "community_rehabilitation")]
    told = pd.concat([first.assign(kind="first_positive"), entry.assign(kind="treatment_entry")], ignore_index=True)
    place = township_ids(told["township"].to_numpy(dtype=np.int64))
    columns = told[["occurred_on", "kind"]]
    return columns.assign(reported_by="service", longitude=np.nan, latitude=np.nan, area_id=place)


def effort_table(recorded: pd.DataFrame, weeks: Weeks, rng: np.random.Generator) -> pd.DataFrame:
    """The `effort` table: tests given and contacts kept by township and week, reported 2 to 5 days after its end."""
    given = recorded["kind"].isin(["urine_test", "hair_test"]) & recorded["outcome"].isin(TEST_GIVEN)
    kept = recorded["outcome"] == "kept"
    week = weeks.of(recorded["occurred_on"].to_numpy())
    cells = pd.MultiIndex.from_product([range(len(TOWNSHIPS)), range(weeks.opens, weeks.count)])
    by_cell = pd.DataFrame({"tests": given, "contacts": kept}).groupby([recorded["township"], week]).sum()
    effort = by_cell.reindex(cells, fill_value=0)
    monday = weeks.first + 7 * cells.get_level_values(1).to_numpy()
    known_on = monday + 7 + rng.integers(2, 6, len(cells))
    table = pd.DataFrame(
        {
            "area_id": township_ids(cells.get_level_values(0).to_numpy()),
            "week": as_dates(monday),
            "known_on": as_dates(known_on),
            "tests": effort["tests"].to_numpy(),
            "contacts": effort["contacts"].to_numpy(),
        }
    )
    return table[known_on <= weeks.until].reset_index(drop=True)
