"""How complete the records of the last days are: the share of incidents known so many days after they occurred.

Incidents count by their weight, and a correction of a weight is news like any other: a share may so be above one.
"""

import numpy as np

from features.arrays import Flags, Floats, Ints
from features.hotspot import Run

LATEST_DAYS = 91  # later news is no reporting delay any more
LEARNED_DAYS = 364  # how far back delays are learned from
FEWEST = 20  # incidents; of fewer nothing is learned, and the records are taken as complete


def known_share(run: Run, as_of: int) -> Floats:
    """Share of incidents known at each age of 0 to 91 days, learned from those old enough at the as-of date.

    All ones where too few are that old, or where hardly any came within those days, as after a first load.
    """
    age = as_of - run.occurred_on
    settled = (run.visible_from <= as_of) & (age > LATEST_DAYS) & (age <= LATEST_DAYS + LEARNED_DAYS)
    delay = (run.visible_from - run.occurred_on)[settled]
    prompt = delay[delay <= LATEST_DAYS]
    if len(prompt) < FEWEST or len(prompt) < len(delay) / 2:
        return np.ones(LATEST_DAYS + 1)
    weight = run.weight[settled][delay <= LATEST_DAYS]
    told = np.cumsum(np.bincount(prompt, weights=weight, minlength=LATEST_DAYS + 1))
    return np.asarray(told / told[-1], np.float64) if told[-1] > 0 else np.ones(LATEST_DAYS + 1)


def exposure(run: Run, as_of: Ints, ages: int) -> Floats:
    """Share known of what occurred at each age in days, shape (as-of dates, ages); zero before the first incident."""
    told = np.ones((len(as_of), ages))
    for row, day in enumerate(as_of):
        share = known_share(run, int(day))[:ages]
        told[row, : len(share)] = share
    return np.where(_began(run, as_of, ages), told, 0.0)


def _began(run: Run, as_of: Ints, ages: int) -> Flags:
    """Which ages lie at or after the first incident that was visible at each date."""
    span = as_of - run.first_day(as_of)
    return np.asarray(np.arange(ages)[None, :] <= span[:, None])
