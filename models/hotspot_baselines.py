"""What a planner could have without us: counts, exponential weighting, kernels, a self-exciting process.

Each is tuned, at every origin anew, on the past horizons that were complete by then, and knows nothing else. All read
the same records as the model, corrected for what is not known yet.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from features.arrays import Floats, Ints
from features.city_level import window_rate
from features.hotspot import WEEK, Run
from features.maps import EVEN_SHARE, MapKind, faded_counts, shares, shrunk, spread_matrix, spread_out, with_even
from models.counts import poisson_deviance
from models.prior import Evidence, Windows
from models.self_exciting import Spread, fit_self_exciting

YEAR_WEEKS = 52
HALF_LIVES_WEEKS = (4, 8, 13, 26, 52, 104)
SHARES = (0.05, 0.1, 0.2, 0.3, 0.4)  # of the mean of all areas in a tuned baseline
COUNT_SHARE = 1 / 6  # in the two counts, not tuned: with less, deviance would be that of their zeros alone
WIDTHS = (0.6, 1.0, 1.7, 3.0)  # of kernels, in typical distances between neighbours
KERNEL_HALF_LIVES: tuple[int | None, ...] = (104, None)
STRENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)  # incidents that the kernel estimate of an area weighs
SMALLEST = 1e-6

Candidate = Callable[[Ints], Floats]  # expected at some as-of dates, (dates, areas)


@dataclass(frozen=True, eq=False)
class Forecast:
    """Expected incidents by area in the coming horizon, and in the past windows it was tuned on."""

    ahead: Floats  # (areas,)
    behind: Floats  # (windows, areas)


@dataclass(frozen=True, eq=False)
class Baselines:
    """What the baselines read at every as-of date of a study; each row of it knows only its own past."""

    evidence: Evidence

    def forecasts(self, windows: Windows, at: int) -> dict[str, Forecast]:
        """Every baseline at one as-of date, by name."""
        return {
            "count_12m": _at(self._mixtures([self._year], (COUNT_SHARE,))[0], windows, at),
            "count_all": _at(self._mixtures([self._ever], (COUNT_SHARE,))[0], windows, at),
            "ewma": _likeliest(self._mixtures(self._ewma, SHARES), windows, at),
            "kde": _likeliest(self._kernels(), windows, at),
            "etas": self._self_exciting(windows, at),
            "eb_kernel": _likeliest(self._kernel_levels(windows), windows, at),
        }

    @staticmethod
    def _mixtures(rates: Sequence[Floats], shares: Sequence[float]) -> list[Candidate]:
        return [partial(_mixture, rates=rate, share=share) for rate in rates for share in shares]

    def _kernels(self) -> list[Candidate]:
        """Kernel densities at the level of the last year.

        Without outlines a kernel tells own from other areas and no more: part of each incident stays, the rest is
        spread evenly (Aitchison and Aitken 1976, doi:10.1093/biomet/63.3.413).
        """
        if self.evidence.past.areas.centres_m is None:
            return self._mixtures(self._counted, SHARES)
        return self._mixtures(self._near_counted, (EVEN_SHARE,))

    def _kernel_levels(self, windows: Windows) -> list[Candidate]:
        """Shares by empirical Bayes, own counts shrunk towards a kernel's, times the likeliest exponential total."""
        totals, levels = windows.observed.sum(axis=1), self.evidence.levels
        misfit = [poisson_deviance(totals, level[windows.at]).sum() for level in levels.T]
        level = levels[:, int(np.argmin(misfit))][:, None]
        return [
            partial(_shrunk, own=own, near=near, level=level, strength=strength)
            for own, near in self._own_and_near
            for strength in STRENGTHS
        ]

    @cached_property
    def _year(self) -> Floats:
        """Expected in the horizon as in the last twelve months, (dates, areas)."""
        past = self.evidence.past
        counts = past.count(past.inside, weeks=YEAR_WEEKS, size=len(past.areas))
        return self._rates(counts, window_rate(self.evidence.ages, weeks=YEAR_WEEKS))

    @cached_property
    def _ever(self) -> Floats:
        """Expected in the horizon as in all history, (dates, areas)."""
        return self._rates(faded_counts(self.evidence.past, None), window_rate(self.evidence.ages, weeks=None))

    @cached_property
    def _counted(self) -> list[Floats]:
        """The two counts, both at the level of the last twelve months."""
        return [self._year, shares(self._ever) * self._year.sum(axis=1, keepdims=True)]

    @cached_property
    def _near_counted(self) -> list[Floats]:
        return [spread_out(rate, spread) for rate in self._counted for spread in self._spreads]

    @cached_property
    def _ewma(self) -> list[Floats]:
        """Expected in the horizon by exponential weights of each half-life."""
        past, seen = self.evidence.past, self.evidence.ages
        age = np.arange(seen.counts.shape[1])
        rates = []
        for life in HALF_LIVES_WEEKS:
            fading = 0.5 ** (age / (WEEK * life))
            level = (seen.counts @ fading) / np.maximum(seen.exposure @ fading, SMALLEST)
            rates.append(self._rates(faded_counts(past, life), level))
        return rates

    @cached_property
    def _spreads(self) -> list[Spread]:
        areas = self.evidence.past.areas
        if areas.centres_m is not None:
            return [spread_matrix(areas, MapKind(None, "gaussian", width)) for width in WIDTHS]
        return [spread_matrix(areas, MapKind(None, "parent"))] if areas.parents is not None else []

    @cached_property
    def _own_and_near(self) -> list[tuple[Floats, Floats]]:
        """Faded counts, and what each kernel makes of them; without one, their mean."""
        pairs = []
        for life in KERNEL_HALF_LIVES:
            own = faded_counts(self.evidence.past, life)
            even = np.broadcast_to(own.mean(axis=1, keepdims=True), own.shape)
            pairs += [(own, with_even(spread_out(own, spread), EVEN_SHARE)) for spread in self._spreads] or [
                (own, even)
            ]
        return pairs

    def _rates(self, counts: Floats, level_a_day: Floats) -> Floats:
        """Incidents in the horizon: shares of the counts at a daily level of the city."""
        days = WEEK * self.evidence.past.horizon_weeks
        return np.asarray(shares(counts) * level_a_day[:, None] * days, np.float64)

    def _self_exciting(self, windows: Windows, at: int) -> Forecast:
        past = self.evidence.past
        blind = int((self.evidence.ages.exposure[at, : WEEK * (YEAR_WEEKS // 4) : WEEK] < 0.5).sum())
        weekly = _weekly(past.inside, int(past.as_of[at]), len(past.areas))[: -blind or None]
        near: list[Spread] = [None, *self._spreads[:1]]
        process = fit_self_exciting(weekly, near, near[-1])
        horizon = past.horizon_weeks
        upto = np.concatenate([np.zeros((1, weekly.shape[1])), np.cumsum(process.fitted, axis=0)])
        first = np.clip(len(weekly) + blind - (at - windows.at), 0, len(weekly))  # the week each window begins with
        behind = upto[np.clip(first + horizon, 0, len(weekly))] - upto[first]
        return Forecast(process.expected(skipped=blind, horizon_weeks=horizon), np.maximum(behind, SMALLEST))


def _weekly(run: Run, as_of: int, size: int) -> Floats:
    """Visible incidents by week before an as-of date, by weight, the last week last, shape (weeks, areas)."""
    seen = run.visible_from <= as_of
    age = (as_of - run.occurred_on[seen]) // WEEK
    weeks = int(age.max(initial=0)) + 1
    counts = np.zeros((weeks, size))
    np.add.at(counts, (weeks - 1 - age, run.area[seen]), run.weight[seen])
    return counts


def _likeliest(candidates: Sequence[Candidate], windows: Windows, at: int) -> Forecast:
    """The candidate that would have forecast the past windows best; the first of equals."""
    told = [_at(candidate, windows, at) for candidate in candidates]
    misfit = [poisson_deviance(windows.observed, each.behind).sum() for each in told]
    return told[int(np.argmin(misfit))]


def _at(candidate: Candidate, windows: Windows, at: int) -> Forecast:
    expected = np.maximum(candidate(np.append(windows.at, at)), SMALLEST)
    return Forecast(expected[-1], expected[:-1])


def _mixture(rows: Ints, *, rates: Floats, share: float) -> Floats:
    return with_even(rates[rows], share)


def _shrunk(rows: Ints, *, own: Floats, near: Floats, level: Floats, strength: float) -> Floats:
    """Level times shares by the posterior mean under a gamma prior about the kernel's, which weighs `strength`."""
    return np.asarray(shrunk(own[rows], near[rows], strength) * level[rows], np.float64)
