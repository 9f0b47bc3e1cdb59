"""The prior: a stacked bank of maps times a stacked city level.

Where is stable and the level moves. So each area's share of the city comes from maps of several memories and spreads,
some of them bent by what an area and those near it have had lately over what was expected of them, mixed by weights
that fit the last three years best (EM on the Poisson likelihood); how much to expect of the city comes from
exponential totals and trends, mixed in the same way. Everything is a function of what was visible at the as-of date,
and of the weights learned.
"""

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats, Ints
from features.city_level import N_LEVELS, Ages, ages, levels
from features.errors import ConfigError, TooLittleHistoryError, UnfitModelError
from features.hotspot import WEEK, VisiblePast
from features.maps import BENT, EVEN, INHABITED, MapKind, bank_of, is_bank, maps, mixture

STACKED_WEEKS = 156  # how far back weights are fitted: 39 windows of four weeks
STEPS = 400  # of EM, from the centre; after a hundred it is still on its way
HALF_LIFE_MASS = {4: 0.15, 26: 0.25, 104: 0.25, None: 0.35}  # the centre that few incidents are shrunk towards:
WIDTH_MASS = {0.0: 0.35, 0.6: 0.5, 1.7: 0.1, 6.0: 0.05}  # long memories and near neighbours first
EVEN_MASS = 0.03
BENT_MASS = 0.6  # of the centre, alike for all bent maps; the rest is that of the others
MAP_STRENGTH = 5.0  # incidents that the centre weighs
LEVEL_STRENGTH = 0.5  # incidents that each level weighs
TINY = 1e-12


@dataclass(frozen=True)
class Recent:
    """What is made of the last days, whose records are not complete: corrected by usual delays, or dropped."""

    lag_days: int = 14
    treatment: str = "corrected"

    def __post_init__(self) -> None:
        if self.treatment not in {"corrected", "dropped"}:
            raise ConfigError(f"recent.treatment is `{self.treatment}`; expected `corrected` or `dropped`.")
        if self.lag_days < 0:
            raise ConfigError("recent.lag_days is below zero.")

    @property
    def weeks(self) -> int:
        """The lag in whole weeks, rounded up."""
        return -(-self.lag_days // WEEK)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the prior reads at weekly as-of dates: maps and levels."""

    past: VisiblePast
    recent: Recent
    kinds: tuple[MapKind, ...]
    maps: Floats  # (dates, kinds, areas)
    ages: Ages
    levels: Floats  # (dates, levels)


@dataclass(frozen=True, eq=False)
class Windows:
    """Past horizons one after the other, whose outcome is complete: positions of their as-of dates, and counts."""

    at: Ints
    observed: Floats  # (windows, areas)


@dataclass(frozen=True)
class Prior:
    """Weights of the maps and of the levels; the maps are drawn anew at each as-of date."""

    kinds: tuple[MapKind, ...]
    map_weights: tuple[float, ...]
    level_weights: tuple[float, ...]
    recent: Recent

    def expected(self, evidence: Evidence) -> Floats:
        """Expected incidents in the horizon, above zero, shape (as-of dates, areas)."""
        self._refuse_others(evidence.kinds)
        level = evidence.levels @ np.array(self.level_weights)
        return np.asarray(self.share(evidence.maps) * level[:, None], np.float64)

    def expected_of(self, past: VisiblePast) -> Floats:
        """The same, but for rounding, of a past whose maps nobody else needs: of many dates it takes far less."""
        seen = ages(past, recent=self.recent.treatment, lag_days=self.recent.lag_days)
        self._refuse_others(bank_of(past.areas))
        level = levels(past, seen) @ np.array(self.level_weights)
        share = _as_share(mixture(past, self.kinds, self.map_weights))
        return np.asarray(share * level[:, None], np.float64)

    def share(self, drawn: Floats) -> Floats:
        """Share of the city in each area by the mixture of maps (dates, kinds, areas), above zero; (dates, areas)."""
        return _as_share(np.einsum("dka,k->da", drawn, np.array(self.map_weights)))

    def refuse_of_other_release(self) -> None:
        """UnfitModelError where no areas of this release have such maps and levels."""
        if not is_bank(self.kinds) or (len(self.map_weights), len(self.level_weights)) != (len(self.kinds), N_LEVELS):
            raise UnfitModelError(
                "prior: this release draws other maps or levels than it was fitted on, so the model is of another "
                "release; train and promote the model again."
            )

    def _refuse_others(self, kinds: tuple[MapKind, ...]) -> None:
        self.refuse_of_other_release()
        if kinds != self.kinds:
            raise UnfitModelError(
                "prior: there are other maps than it was fitted on; were outlines, larger areas or inhabitants added "
                "or removed? Train and promote the model again."
            )


def _as_share(stacked: Floats) -> Floats:
    share = np.maximum(stacked, TINY)
    return np.asarray(share / share.sum(axis=1, keepdims=True), np.float64)


def evidence_of(past: VisiblePast, recent: Recent) -> Evidence:
    """What the prior reads; the as-of dates have to be a week apart."""
    if (np.diff(past.as_of) != WEEK).any():
        raise ConfigError("prior: its as-of dates have to be a week apart.")
    kinds = bank_of(past.areas)
    seen = ages(past, recent=recent.treatment, lag_days=recent.lag_days)
    return Evidence(past, recent, kinds, maps(past, kinds), seen, levels(past, seen))


def counts_after(past: VisiblePast, chosen: Ints, *, known_by: int) -> Floats:
    """Incidents that occurred in the horizon of each chosen as-of date and were known by a day, (dates, areas)."""
    run = past.inside
    dates, known = past.as_of[chosen], run.known_on <= known_by
    occurred, area, weight = run.occurred_on[known], run.area[known], run.weight[known]
    change = np.zeros((len(dates) + 1, len(past.areas)))
    np.add.at(change, (np.searchsorted(dates, occurred - WEEK * past.horizon_weeks), area), weight)
    np.add.at(change, (np.searchsorted(dates, occurred), area), -weight)
    return np.cumsum(change, axis=0)[:-1]


def windows_before(evidence: Evidence, day: int) -> Windows:
    """The last three years of horizons one after the other that were complete on a day, oldest first."""
    past, horizon = evidence.past, evidence.past.horizon_weeks
    last = int(np.searchsorted(past.as_of, day - WEEK * (horizon + evidence.recent.weeks), side="right")) - 1
    if last < 0:
        raise TooLittleHistoryError(
            "incidents: no horizon is complete yet to learn the prior from; expected a longer history."
        )
    at = np.arange(last, -1, -horizon, dtype=np.int64)[: max(1, STACKED_WEEKS // horizon)][::-1]
    return Windows(at, counts_after(past, at, known_by=day))


def fit_prior(evidence: Evidence, windows: Windows) -> Prior:
    """The prior whose weights fit the windows best, each map and level as known before its window."""
    weights = stacked_weights(evidence.maps[windows.at], windows.observed, centre=_centre(evidence.kinds))
    totals = windows.observed.sum(axis=1)
    level = level_weights(evidence.levels[windows.at], totals)
    return Prior(evidence.kinds, tuple(weights.tolist()), tuple(level.tolist()), evidence.recent)


def expected_then(prior: Prior, evidence: Evidence, windows: Windows) -> Floats:
    """Incidents that each window would have been expected to have, (windows, areas), as far as its level goes.

    The level is by weights of the windows complete before it: with weights that have seen what came it would seem to
    miss less than it will. The maps' weights, of which every area tells, are those of all windows.
    """
    told, totals = evidence.levels[windows.at], windows.observed.sum(axis=1)
    maturity = evidence.past.horizon_weeks + evidence.recent.weeks
    complete = np.searchsorted(windows.at, windows.at - maturity, side="right")
    level = [row @ level_weights(told[:n], totals[:n]) for row, n in zip(told, complete, strict=True)]
    return np.asarray(prior.share(evidence.maps[windows.at]) * np.array(level)[:, None], np.float64)


def stacked_weights(shares: Floats, observed: Floats, *, centre: Floats, strength: float = MAP_STRENGTH) -> Floats:
    """Simplex weights of maps that maximise the likelihood of where incidents came, by EM.

    `shares`: (windows, kinds, areas), `observed`: (windows, areas). The centre weighs like `strength` incidents.
    """
    window, area = np.nonzero(observed)
    came = observed[window, area]
    share = np.maximum(shares[window, :, area], TINY)  # (incidents, kinds)
    weights = centre
    for _ in range(STEPS):
        blamed = share * weights
        taken = (came / blamed.sum(axis=1)) @ blamed + strength * centre
        weights = taken / taken.sum()
    return np.asarray(weights, np.float64)


def level_weights(told: Floats, totals: Floats, *, strength: float = LEVEL_STRENGTH) -> Floats:
    """Simplex weights of levels that maximise the Poisson likelihood of the city's totals, by Newton's method.

    `told`: (windows, levels). Each level weighs `strength` incidents, a barrier that keeps its weight above zero; steps
    are damped so that they stay inside (Boyd and Vandenberghe 2004, section 9.6).
    """
    weights, mass = np.full(told.shape[1], 1 / told.shape[1]), told.sum(axis=0)
    for _ in range(STEPS):
        mean = told @ weights
        slope = (totals / mean) @ told - mass + strength / weights
        bend = (told.T * (totals / mean**2)) @ told + np.diag(strength / weights**2)
        free, even = np.linalg.solve(bend, np.column_stack([slope, np.ones_like(slope)])).T
        step = free - even * (free.sum() / even.sum())  # the sum stays one
        gain = max(float(slope @ step), 0.0) / strength
        if gain < TINY:
            break
        weights = weights + step / (1 + np.sqrt(gain))
    return np.asarray(weights / weights.sum(), np.float64)


def _centre(kinds: tuple[MapKind, ...]) -> Floats:
    """The mixture that few incidents are shrunk towards; sums to one."""
    bent = np.array([kind.spread == BENT for kind in kinds])
    mass = np.array([1.0 if kind.spread == BENT else _plain_mass(kind) for kind in kinds])
    of_kind = np.where(bent, BENT_MASS, 1 - BENT_MASS) / np.where(bent, mass[bent].sum(), mass[~bent].sum())
    return np.asarray(mass * of_kind, np.float64)


def _plain_mass(kind: MapKind) -> float:
    if kind in {EVEN, INHABITED}:
        return EVEN_MASS
    return HALF_LIFE_MASS[kind.half_life_weeks] * WIDTH_MASS.get(kind.width, 0.1)
