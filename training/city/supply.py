"""The hidden field of availability over townships and weeks, which drives both use and overdoses."""

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from training.city.figures import SupplyFigures
from training.city.places import Places
from training.city.weeks import WEEKS_A_CALENDAR_YEAR


@dataclass(frozen=True)
class Supply:
    """Availability by (week, township), log-odds, mean near 0; the city's overdose level by week, mean near 1.

    `availability` says where and when, not how much there is in all: overdoses are bent by it and go with `level`, each
    once. `felt` is what drives persons' use: the same field with the level in it, less its season (that of use is a
    figure of `use`), and with the lasting differences between districts taken out, so that no district's people use
    more than another's in the long run: a fairness check finds what testing put there.
    """

    availability: Floats
    felt: Floats
    level: Floats


def supply(places: Places, season: Floats, figures: SupplyFigures, rng: np.random.Generator) -> Supply:
    """A lasting map that stays, a slower smooth field that moves over it, surges that wander, and a city level.

    `season` is the yearly wave, by week.
    """
    n_weeks = len(season)
    reach = _smoothing(places, figures.reach_m)
    lasting = figures.lasting_sd * _sums(rng.normal(size=(1, len(places))), reach)[0]
    moving = figures.moving_sd * _remember(_sums(rng.normal(size=(n_weeks, len(places))), reach), figures.memory)
    drift = figures.level_sd * _remember(rng.normal(size=(n_weeks, 1)), figures.memory)[:, 0]
    level = np.exp(drift) * (1 + figures.season * season)
    lasting -= lasting.mean()  # the map says where; how much there is in all is the level's to say
    passing = moving + _surges(places, n_weeks, figures, rng)
    felt = _within(lasting, places) + passing + figures.level_felt * drift[:, None]
    return Supply(availability=lasting + passing, felt=felt, level=level)


def _smoothing(places: Places, reach_m: float) -> Floats:
    """Weights by (township, township) that make one of independent shocks neighbours share, of variance 1 each."""
    apart = np.hypot(*(places.seeds[:, None, :] - places.seeds[None, :, :]).transpose(2, 0, 1))
    weights = np.exp(-((apart / reach_m) ** 2))
    return np.asarray(weights / np.sqrt((weights**2).sum(axis=1, keepdims=True)))


def _sums(shocks: Floats, weights: Floats) -> Floats:
    # Not by `@`: its last bit may hang on the number of threads, and then on this bit a person's life.
    return np.asarray(np.einsum("wt,st->ws", shocks, weights, optimize=False))


def _remember(shocks: Floats, memory: float) -> Floats:
    """First-order autoregression over the first axis, of the shocks' own variance."""
    path = np.empty_like(shocks)
    path[0] = shocks[0]
    for week in range(1, len(shocks)):
        path[week] = memory * path[week - 1] + np.sqrt(1 - memory**2) * shocks[week]
    return path


def _surges(places: Places, n_weeks: int, figures: SupplyFigures, rng: np.random.Generator) -> Floats:
    """What surges add by (week, township): each starts somewhere, moves, rises and fades."""
    added = np.zeros((n_weeks, len(places)))
    for _ in range(rng.poisson(figures.surges_a_year * n_weeks / WEEKS_A_CALENDAR_YEAR)):
        start, middle = int(rng.integers(n_weeks)), places.seeds[rng.integers(len(places))]
        length = max(round(figures.surge_weeks * rng.uniform(*figures.surge_spread)), figures.surge_least_weeks)
        peak, heading = figures.surge_peak * rng.uniform(*figures.surge_spread), rng.uniform(0, 2 * np.pi)
        step = figures.surge_speed_m * np.array([np.cos(heading), np.sin(heading)])
        for week in range(start, min(start + length, n_weeks)):
            age = week - start
            away = ((places.seeds - middle - age * step) ** 2).sum(axis=1)
            height = peak * np.sin(np.pi * (age + 0.5) / length) ** 2
            added[week] += height * np.exp(-0.5 * away / figures.surge_width_m**2)
    return added


def _within(lasting: Floats, places: Places) -> Floats:
    """The lasting map less the mean of each district."""
    n = np.bincount(places.district)
    return lasting - (np.bincount(places.district, weights=lasting) / n)[places.district]
