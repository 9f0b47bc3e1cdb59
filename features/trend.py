"""How a city's daily rate grows: a log-linear trend of its counts, shrunk towards none."""

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from features.hotspot import YEAR_DAYS

USUAL_A_YEAR = 0.3  # standard deviation of the yearly growth of the log rate, over cities
STEPS = 4  # of Newton's method, from no growth
LARGEST_STEP = 0.01  # in the growth a day, so that a few incidents in a row lead nowhere
SMALLEST = 1e-12


@dataclass(frozen=True, eq=False)
class Trend:
    """Incidents a day at each as-of date as the trend has it, and the daily growth of their log, both (dates,)."""

    today: Floats
    growth: Floats


def trend_of(counts: Floats, exposure: Floats, fading: Floats) -> Trend:
    """The likeliest Poisson trend of counts by age in days, each (as-of dates, ages), their weights fading, (ages,).

    The growth has a normal prior about nought. Weights that fade tell less of it than their sum says, so the prior
    weighs as much more: by the sum of their squares over their sum, each about the mean age (White 1982,
    doi:10.2307/1912526).
    """
    time = -np.arange(counts.shape[1], dtype=np.float64)
    seen, exposed = counts * fading, exposure * fading
    total = np.maximum(seen.sum(axis=1), SMALLEST)
    middle, growth = (seen @ time) / total, np.zeros(len(counts))
    _, mean, variance = _moments(exposed, time)
    squares = ((counts * fading**2) * (time - mean[:, None]) ** 2).sum(axis=1)
    held = np.maximum(squares, SMALLEST) / np.maximum(total * variance, SMALLEST) * (YEAR_DAYS / USUAL_A_YEAR) ** 2
    for _ in range(STEPS):
        _, mean, variance = _moments(exposed * np.exp(growth[:, None] * time), time)
        step = (total * (middle - mean) - held * growth) / (total * variance + held)
        growth = growth + np.clip(step, -LARGEST_STEP, LARGEST_STEP)
    due, _, _ = _moments(exposed * np.exp(growth[:, None] * time), time)
    return Trend(np.asarray(total / due, np.float64), np.asarray(growth, np.float64))


def _moments(weight: Floats, time: Floats) -> tuple[Floats, Floats, Floats]:
    """Sum of the weights of each row, and mean and variance of the times they weigh."""
    mass = np.maximum(weight.sum(axis=1), SMALLEST)
    mean = (weight @ time) / mass
    return mass, mean, np.asarray((weight @ time**2) / mass - mean**2, np.float64)
