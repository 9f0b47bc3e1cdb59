"""The hidden field of availability over townships and weeks, which drives both use and overdoses."""

from dataclasses import dataclass

import numpy as np

from training.city.places import Places
from training.city.weeks import Floats, Weeks

REACH_M = 5_000.0  # how far apart two townships still rise and fall together
MEMORY = 0.96  # from week to week


@dataclass(frozen=True)
class Supply:
    """Availability by (week, township), log-odds, mean near 0; the city's overdose level by week, mean near 1."""

    availability: Floats
    level: Floats


def supply(places: Places, weeks: Weeks, rng: np.random.Generator) -> Supply:
    """A lasting map that stays, a slower smooth field that moves over it, and a city level with two or three surges."""
    apart = np.hypot(*(places.seeds[:, None, :] - places.seeds[None, :, :]).transpose(2, 0, 1))
    shared = np.linalg.cholesky(np.exp(-0.5 * (apart / REACH_M) ** 2) + 1e-6 * np.eye(len(apart)))
    lasting = 0.45 * shared @ rng.normal(size=len(apart))
    moving = _remember(rng.normal(size=(weeks.count, len(apart))) @ shared.T, 0.3)
    level = np.exp(_remember(rng.normal(size=(weeks.count, 1)), 0.12)[:, 0]) * _season(weeks) * _surges(weeks, rng)
    lasting -= lasting.mean()  # the map says where; how much there is in all is the level's to say
    return Supply(availability=lasting + moving + 0.5 * np.log(level)[:, None], level=level)


def _remember(shocks: Floats, spread: float) -> Floats:
    """First-order autoregression over the first axis, of standard deviation `spread`."""
    path = np.empty_like(shocks)
    path[0] = shocks[0]
    for week in range(1, len(shocks)):
        path[week] = MEMORY * path[week - 1] + np.sqrt(1 - MEMORY**2) * shocks[week]
    return spread * path


def _season(weeks: Weeks) -> Floats:
    """A mild yearly wave with its crest in late July."""
    return 1 + 0.08 * np.cos(2 * np.pi * (weeks.mondays() % 365.25 - 205) / 365.25)


def _surges(weeks: Weeks, rng: np.random.Generator) -> Floats:
    """One, but for two or three stretches of 5 to 10 weeks when a strong batch goes round."""
    factor = np.ones(weeks.count)
    for _ in range(rng.integers(2, 4)):
        start = rng.integers(weeks.opens, weeks.count)
        factor[start : start + rng.integers(5, 11)] *= rng.uniform(1.35, 1.75)
    return factor
