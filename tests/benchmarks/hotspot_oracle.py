"""How near hotspot forecasts come to an oracle on invented cities, and how near records allow anybody to come.

python -m tests.benchmarks.hotspot_oracle [--preset guiyang] [--persons 18957] [--seeds 7 8 9] [--no-ideal]

The oracle knows the true intensity of the very weeks forecast. `ideal` knows none of it but all of the family it comes
from: it is the posterior mean of a log-Gaussian Cox process whose covariances over townships and weeks are those of
the generator itself, measured on the true intensities of eight other seeds (Laplace's approximation; Rasmussen and
Williams 2006, algorithm 3.1). It is no strict bound, as surges are not Gaussian, but no record tells a forecaster as
much; what lies between it and the oracle is error of estimation. Nor does it help much to know the lasting map itself:
the last row does. All but the oracle's first row are told at the model's own city level.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.linalg import cho_factor, cho_solve

from features.areas import locate, townships
from features.hotspot import WEEK, Places
from models.counts import poisson_deviance
from training.city import plan
from training.city.areas import areas_table
from training.city.ground import survey
from training.city.incidents import TOLD, harm, incidents_table
from training.city.stations import township_ids
from training.hotspot_backtest import judge
from training.hotspot_config import HotspotConfig
from training.hotspot_study import counted_places, origins_of

ELSEWHERE = range(101, 109)  # seeds of the cities that covariances are measured on
LAGS = np.array([0, 4, 8, 13, 20, 26, 39, 52])  # weeks
EDGES_M = np.array([0, 1, 2000, 3000, 4000, 5000, 6000, 8000, 10_000, 14_000, 20_000, 40_000.0])
MIDDLES_M = np.r_[0, (EDGES_M[1:-2] + EDGES_M[2:-1]) / 2, 30_000]
FAR_WEEKS = 80  # beyond which the moving field remembers nothing
LEVEL_VARIANCE = 25.0  # of the log of each period's total, which tells nothing of where
STEPS, LARGEST_STEP, SMALL_STEP = 25, 1.5, 1e-3
CONFIG = HotspotConfig(
    level="township", kinds=("overdose",), reporters=("citizen", "service", "enforcement"), at_equal_effort=False
)


@dataclass(frozen=True, eq=False)
class City:
    """The incidents of an invented city, and the intensity they come from: expected to be told of, (weeks, areas)."""

    places: Places
    seen: np.ndarray
    mondays: np.ndarray
    seats_m: np.ndarray


@dataclass(frozen=True, eq=False)
class Family:
    """Covariances of log shares: of the lasting map by distance, of what moves over it by distance and lag."""

    lasting: np.ndarray
    moving: np.ndarray
    memory: np.ndarray


def invented(preset, persons, years, seed):
    ground = survey(plan(preset, persons=persons, years=years, seed=seed))
    happening = harm(ground)
    rows = incidents_table(np.zeros(0, dtype=TOLD), ground, happening)
    days = {name: (pd.to_datetime(rows[name]) - pd.Timestamp(0)).dt.days for name in ("occurred_on", "known_on")}
    places = Places(rows.assign(**days), areas_table(ground.places, ground.figures.places))
    order = np.argsort(np.array(township_ids(ground.places, np.arange(len(ground.places))), dtype=str))
    mondays = np.asarray(ground.weeks.mondays())
    return City(places, happening.seen[:, order], mondays, ground.places.seeds[order])


def apart(seats_m):
    return np.hypot(*(seats_m[:, None] - seats_m[None]).transpose(2, 0, 1))


def family_of(preset, years):
    """The covariances of the generator, mean over cities of other seeds."""
    lasting, moving = np.zeros((len(MIDDLES_M), 2)), np.zeros((len(MIDDLES_M), len(LAGS), 2))
    for seed in ELSEWHERE:
        ground = survey(plan(preset, years=years, seed=seed))
        share = harm(ground).seen
        share = share / share.sum(axis=1, keepdims=True)
        at = np.digitize(apart(ground.places.seeds), EDGES_M) - 1
        stays = np.log(share.mean(axis=0))
        moves = np.log(share) - np.log(share).mean(axis=0)
        moves -= moves.mean(axis=1, keepdims=True)
        _add(lasting, np.outer(stays - stays.mean(), stays - stays.mean()), at)
        for place, lag in enumerate(LAGS):
            _add(moving[:, place], moves[lag:].T @ moves[: len(moves) - lag] / (len(moves) - lag), at)
    means = moving[..., 0] / moving[..., 1]
    return Family(lasting[:, 0] / lasting[:, 1], means[:, 0], means[0] / means[0, 0])


def _add(sums, products, at):
    sums[:, 0] += np.bincount(at.ravel(), weights=products.ravel(), minlength=len(sums))
    sums[:, 1] += np.bincount(at.ravel(), minlength=len(sums))


def ideal(city, family, origins, *, lasting_known=False):
    """Posterior mean of each township's share of the four weeks after each origin, (origins, areas)."""
    distance, rows = apart(city.seats_m), city.places.incidents
    by_place = [_covariance(np.interp(distance, MIDDLES_M, each)) for each in (family.lasting, family.moving)]
    stays = np.log((city.seen / city.seen.sum(axis=1, keepdims=True)).mean(axis=0))
    start = stays if lasting_known else np.full(len(stays), -np.log(len(stays)))
    by_place[0] = by_place[0] * (not lasting_known)
    area = locate(rows, townships(city.places.areas))
    told = []
    for origin in origins:
        seen = (rows["known_on"] <= origin).to_numpy() & (area >= 0)
        age = (origin - rows["occurred_on"].to_numpy()[seen]) // WEEK
        told.append(_posterior(_periods(int(age.max()) + 1), age, area[seen], start, by_place, family))
    return np.array(told)


def _posterior(edges, age, area, start, by_place, family):  # noqa: PLR0917 (an oracle in one piece)
    periods, size = len(edges) - 1, len(by_place[0])
    counts, period = np.zeros((periods, size)), np.digitize(age, edges) - 1
    np.add.at(counts, (period[period < periods], area[period < periods]), 1)
    weeks = [*(np.arange(*pair) for pair in pairwise(edges)), np.arange(-4, 0)]
    lag = [[_remembered(family, one[:, None] - other[None]) for other in weeks] for one in weeks]
    covariance = np.kron(np.ones((periods + 1, periods + 1)), by_place[0]) + np.kron(np.array(lag), by_place[1])
    known = periods * size
    within = covariance[:known, :known] + np.kron(np.eye(periods), np.full((size, size), LEVEL_VARIANCE))
    level = np.log(np.maximum(counts.sum(axis=1, keepdims=True), 0.5)) + start
    gradient, root, factor = _laplace(counts.ravel(), level.ravel(), within)
    ahead = covariance[known:, :known]
    shrunk = root[:, None] * ahead.T
    variance = np.diag(covariance[known:, known:]) - (shrunk * cho_solve(factor, shrunk)).sum(axis=0)
    rate = np.exp(start + ahead @ gradient + variance / 2)
    return rate / rate.sum()


def _laplace(counts, level, covariance):
    """Gradient of the likelihood at the mode of counts of exp(level + field), and what its precision is made of."""
    field = np.zeros(len(counts))
    for _ in range(STEPS):
        mean, root, factor = _precision(level + field, covariance)
        right = mean * field + counts - mean
        moved = covariance @ (right - root * cho_solve(factor, root * (covariance @ right))) - field
        largest = np.abs(moved).max()
        field = field + moved * min(1.0, LARGEST_STEP / largest)
        if largest < SMALL_STEP:
            break
    mean, root, factor = _precision(level + field, covariance)
    return counts - mean, root, factor


def _precision(log_mean, covariance):
    mean = np.exp(log_mean)
    root = np.sqrt(mean)
    return mean, root, cho_factor(np.eye(len(mean)) + root[:, None] * covariance * root[None, :], lower=True)


def _periods(weeks):
    """Ages in weeks: of four for a year, of thirteen for the second, then of half years."""
    edges = [*range(0, min(52, weeks) + 1, 4)]
    for upto, step in ((104, 13), (weeks, 26)):
        edges += [*range(edges[-1] + step, min(upto, weeks) + 1, step)]
    return np.array(edges)


def _remembered(family, lag):
    return np.interp(np.abs(lag), np.r_[LAGS, FAR_WEEKS], np.r_[family.memory, 0]).mean()


def _covariance(matrix):
    """The nearest covariance: without negative eigenvalues."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.maximum(values, 1e-6)) @ vectors.T


def told(preset, persons, years, seed, family):
    """Print each model's skill and its share of the oracle's on one city."""
    began, city = time.perf_counter(), invented(preset, persons, years, seed)
    judged = judge(city.places, CONFIG)
    origins = origins_of(counted_places(city.places, CONFIG).incidents, CONFIG)
    week = np.searchsorted(city.mondays, origins + 1)
    truth = np.array([city.seen[each : each + 4].sum(axis=0) for each in week])
    level = judged.expected["lightgbm"].sum(axis=1, keepdims=True)
    shape = truth / truth.sum(axis=1, keepdims=True)
    models = {"oracle": truth, "oracle's map, our level": shape * level, **judged.expected}
    if family is not None:
        models["ideal, our level"] = ideal(city, family, origins) * level
        models["the same, lasting map known"] = ideal(city, family, origins, lasting_known=True) * level
    observed = judged.outcome.observed
    missed = {name: poisson_deviance(observed, np.maximum(each, 1e-9)).sum() for name, each in models.items()}
    skill = {name: 1 - each / missed["count_12m"] for name, each in missed.items()}
    print(f"{preset}, {persons:,} persons, seed {seed}: {observed.sum():.0f} incidents at {len(origins)} origins")
    for name, each in skill.items():
        print(f"  {name:28} skill {each:.3f}, share of the oracle's {each / skill['oracle']:.2f}")
    print(f"  {time.perf_counter() - began:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="guiyang")
    parser.add_argument("--persons", type=int, nargs="+", default=[18_957])
    parser.add_argument("--years", type=int, default=5)
    parser.add_argument("--seeds", type=int, nargs="+", default=[7, 8, 9])
    parser.add_argument("--no-ideal", action="store_true")
    asked = parser.parse_args()
    family = None if asked.no_ideal else family_of(asked.preset, asked.years)
    for persons in asked.persons:
        for seed in asked.seeds:
            told(asked.preset, persons, asked.years, seed, family)
    return 0


if __name__ == "__main__":
    sys.exit(main())
