"""How often the intervals of risks hold a probability known from elsewhere: on the whole, and by tenth of the risk."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from features.arrays import Floats, Ints
from models.interval import Interval
from training.evaluate import Estimate, Sampling, ratio

TENTHS = 10


@dataclass(frozen=True)
class Tenth:
    """The rows of a tenth of the risks: how many, and their means of risk, ends of the interval and probability.

    `held`: the share of rows whose own interval holds their own probability.
    """

    rows: int
    risk: float
    interval_low: float
    interval_high: float
    probability: float
    held: Estimate


def coverage(risk: Floats, interval: Interval, probability: Floats, sampling: Sampling) -> dict[str, Any]:
    """The share of rows whose interval holds the probability, and each tenth of the rows by risk, lowest first."""
    held = ((interval.low <= probability) & (probability <= interval.high)).astype(np.float64)
    which = tenths(risk)

    def tenth(number: int) -> Tenth:
        rows = which == number
        mean, low, high, of_probability = (
            float(each[rows].mean()) for each in (risk, interval.low, interval.high, probability)
        )
        return Tenth(int(rows.sum()), mean, low, high, of_probability, _share(held[rows], sampling.of(rows)))

    return {"held": _share(held, sampling), "tenths": [tenth(number) for number in np.unique(which)]}


def tenths(risk: Floats) -> Ints:
    """The tenth of each row by its risk, from 0; rows as even as can be, ties by their order.

    >>> tenths(np.array([0.3, 0.1, 0.2, 0.9])).tolist()
    [5, 0, 2, 7]
    """
    place = np.empty(len(risk), dtype=np.int64)
    place[np.argsort(risk, kind="stable")] = np.arange(len(risk))
    return place * TENTHS // len(risk)


def _share(held: Floats, sampling: Sampling) -> Estimate:
    return ratio(held, np.ones(len(held)), sampling)
