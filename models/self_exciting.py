"""A self-exciting process of weekly counts: each incident raises the rate near it for some weeks.

rate[w, area] = background[area] + yield x sum over earlier weeks v of decay(w - v) x (incidents of v, spread near),
with a geometric decay. The background and the yield are fitted by EM, which asks of each incident whether it came from
the background or followed another one (Mohler et al. 2011, doi:10.1198/jasa.2011.ap09546); how long and how far are
chosen by likelihood.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from features.arrays import Floats

HALF_LIVES_WEEKS = (2.0, 8.0)
STEPS = 30
EVEN_SHARE = 0.1  # of the background, spread over all areas, so that none is without one
FIRST_YIELD = 0.3
SMALLEST = 1e-9

Spread = csr_array | None  # None: an incident raises the rate of its own area alone


@dataclass(frozen=True, eq=False)
class SelfExciting:
    """A fitted process, and its memory at the end of the weeks it was fitted on."""

    background: Floats  # incidents a week by area
    yielded: float  # incidents that one incident brings about, in all
    fading: float  # weekly factor of the excitement
    spread: Spread
    excited: Floats  # by area, in the week after the last
    fitted: Floats  # rate of each week, (weeks, areas)
    log_likelihood: float

    def expected(self, *, skipped: int, horizon_weeks: int) -> Floats:
        """Incidents of each area in the horizon that begins after some weeks without records, (areas,)."""
        excited, total = self.excited, np.zeros_like(self.background)
        for week in range(skipped + horizon_weeks):
            rate = self.background + self.yielded * excited
            total = total + (rate if week >= skipped else 0.0)
            excited = self.fading * excited + (1 - self.fading) * _spread(rate, self.spread)
        return np.asarray(np.maximum(total, SMALLEST), np.float64)


def fit_self_exciting(weekly: Floats, spreads: Sequence[Spread], background: Spread) -> SelfExciting:
    """The likeliest process of weekly counts, shape (weeks, areas), over half-lives and ways to spread."""
    fits = [_fit(weekly, 0.5 ** (1 / life), spread, background) for life in HALF_LIVES_WEEKS for spread in spreads]
    return max(fits, key=lambda fit: fit.log_likelihood)


def _fit(weekly: Floats, fading: float, spread: Spread, background: Spread) -> SelfExciting:
    excited = _memory(weekly, fading, spread)
    week, area = np.nonzero(weekly)
    came, kindled = weekly[week, area], excited[:-1][week, area]
    capacity = max(float(excited[:-1].sum()), SMALLEST)
    base, yielded = _background(weekly.sum(axis=0), background) / len(weekly), FIRST_YIELD
    for _ in range(STEPS):
        rate = np.maximum(base[area] + yielded * kindled, SMALLEST)
        followed = came * yielded * kindled / rate  # incidents that followed others, in expectation
        own = np.asarray(np.bincount(area, weights=came - followed, minlength=len(base)), np.float64)
        base, yielded = _background(own, background) / len(weekly), min(float(followed.sum()) / capacity, 0.99)
    fitted = base[None, :] + yielded * excited[:-1]
    likelihood = float((came * np.log(np.maximum(fitted[week, area], SMALLEST))).sum() - fitted.sum())
    return SelfExciting(base, yielded, fading, spread, excited[-1], fitted, likelihood)


def _memory(weekly: Floats, fading: float, spread: Spread) -> Floats:
    """Excitement by earlier weeks at each week and at the one after the last, (weeks + 1, areas)."""
    near = _spread(weekly, spread)
    excited = np.zeros((len(weekly) + 1, weekly.shape[1]))
    for week, counts in enumerate(near):
        excited[week + 1] = fading * excited[week] + (1 - fading) * counts
    return excited


def _background(counts: Floats, spread: Spread) -> Floats:
    smooth = _spread(counts, spread)
    return np.asarray((1 - EVEN_SHARE) * smooth + EVEN_SHARE * smooth.mean(), np.float64)


def _spread(counts: Floats, spread: Spread) -> Floats:
    return counts if spread is None else np.asarray(counts @ spread, np.float64)
