"""Counts as negative-binomial: their deviance, their spread about what was expected, and how an interval covers them.

Variance = mean + dispersion x mean squared; with no dispersion it is Poisson.
"""

import numpy as np
from scipy import stats

from features.arrays import Floats

SMALLEST_SHOWN = 10  # observed counts under this are never shown
POISSON_BELOW = 1e-6  # a dispersion smaller than this is none
LARGEST_DISPERSION = 5.0
COVERAGE = 0.9


def poisson_deviance(observed: Floats, expected: Floats) -> Floats:
    """Poisson deviance of each count, at or above zero: 2 (y log(y / m) - y + m)."""
    ratio = np.divide(observed, expected, out=np.ones_like(expected), where=observed > 0)
    return np.asarray(2 * (observed * np.log(ratio) - observed + expected), np.float64)


def negative_binomial_deviance(observed: Floats, expected: Floats, dispersion: Floats) -> Floats:
    """Deviance of each count at a given dispersion: 2 (y log(y / m) - (y + 1/a) log((1 + a y) / (1 + a m)))."""
    size = 1 / np.maximum(dispersion, POISSON_BELOW)
    ratio = np.divide(observed, expected, out=np.ones_like(expected), where=observed > 0)
    within = (observed + size) * np.log((size + observed) / (size + expected))
    return np.asarray(2 * (observed * np.log(ratio) - within), np.float64)


def dispersion_of(observed: Floats, expected: Floats, weights: Floats | None = None) -> float:
    """Dispersion of counts about what was expected, by moments, zero to five; `weights` broadcast to the counts."""
    weight = np.ones_like(expected) if weights is None else np.broadcast_to(weights, expected.shape)
    excess = (weight * ((observed - expected) ** 2 - expected)).sum()
    squares = (weight * expected**2).sum()
    return float(np.clip(excess / squares, 0.0, LARGEST_DISPERSION)) if squares > 0 else 0.0


def interval_of(expected: Floats, dispersion: float, *, coverage: float = COVERAGE) -> tuple[Floats, Floats]:
    """Lower and upper end of each count."""
    tails = ((1 - coverage) / 2, (1 + coverage) / 2)
    if dispersion < POISSON_BELOW:
        ends = [stats.poisson.ppf(tail, expected) for tail in tails]
    else:
        size = 1 / dispersion
        ends = [stats.nbinom.ppf(tail, size, size / (size + expected)) for tail in tails]
    return np.asarray(ends[0], np.float64), np.asarray(ends[1], np.float64)


def covered(observed: Floats, expected: Floats, dispersion: Floats, *, coverage: float = COVERAGE) -> Floats:
    """Chance that the randomised PIT of each count lies in the central interval.

    The PIT of a count is uniform between F(y - 1) and F(y) (Czado et al. 2009, doi:10.1111/j.1541-0420.2009.01191.x);
    the chance is averaged over, not drawn, so there is no seed. On sparse cells a plain interval covers nearly always,
    whatever was expected; this one covers as it should.
    """
    size = 1 / np.maximum(dispersion, POISSON_BELOW)
    upto = stats.nbinom.cdf(observed, size, size / (size + expected))
    below = stats.nbinom.cdf(observed - 1, size, size / (size + expected))
    tail = (1 - coverage) / 2
    inside = np.clip(upto, tail, 1 - tail) - np.clip(below, tail, 1 - tail)
    mass = upto - below
    chance = np.divide(inside, mass, out=np.zeros_like(mass), where=mass > 0)
    return np.asarray(chance, np.float64)
