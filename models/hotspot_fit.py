"""How a hotspot model is learned: the prior's weights, light trees on top, how far to trust them, its dispersion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.areas import parent_sums
from features.arrays import Floats, Ints
from features.errors import TooLittleHistoryError
from features.hotspot import Feature
from models.counts import dispersion_of, poisson_deviance
from models.hotspot import Dispersions, HotspotModel, Scope, design, trees
from models.prior import Evidence, counts_after, expected_then, fit_prior, windows_before

TRUSTS = (0.0, 0.25, 0.5, 0.75, 1.0)
UNTESTED_TRUST = 0.5  # where the history is too short to hold a year back
HELD_BACK_WEEKS = 52
FEWEST_WEEKS = 52  # of as-of dates to learn from before the year held back
MEMORY_WEEKS = 52  # half-life of the weight of a past window in the dispersion, so that intervals follow recent errors


@dataclass(frozen=True)
class Learning:
    """How lightly the trees learn on top of the prior."""

    rounds: int = 120
    leaves: int = 4
    rate: float = 0.03
    rows_per_leaf: int = 1000
    l2: float = 20.0
    seed: int = 7
    threads: int = 1  # more threads wait for each other on a busy machine and gain little here


@dataclass(frozen=True, eq=False)
class Lessons:
    """What a model is learned from: the evidence and features of weekly as-of dates, which of them, and as of when."""

    evidence: Evidence
    table: pd.DataFrame  # a row per as-of date and area, in that order
    weeks: Ints  # positions of the as-of dates learned from, ascending; their outcomes are complete
    known_by: int  # the day at whose end all this is known

    def rows(self, weeks: Ints) -> pd.DataFrame:
        """Rows of the feature table of some as-of dates, given by position."""
        size = len(self.evidence.past.areas)
        return self.table.iloc[(weeks[:, None] * size + np.arange(size)).ravel()].reset_index(drop=True)


def fit(lessons: Lessons, scope: Scope, learning: Learning, features: Sequence[Feature]) -> HotspotModel:
    """Model of the incidents that came after each as-of date of the lessons."""
    windows = windows_before(lessons.evidence, lessons.known_by)
    prior = fit_prior(lessons.evidence, windows)
    ground = _Ground(
        lessons,
        prior.expected(lessons.evidence),
        counts_after(lessons.evidence.past, lessons.weeks, known_by=lessons.known_by),
        tuple(features),
    )
    if not ground.observed.any():
        raise TooLittleHistoryError(
            "incidents: none came in the weeks after the dates learned from; expected some inside the areas."
        )
    booster = ground.grown(lessons.weeks, learning)
    # The prior's: the trees have seen what came in these windows, and would seem to miss less than they do.
    then = expected_then(prior, lessons.evidence, windows)
    dispersions = dispersions_of(windows.observed, then, lessons.evidence)
    return HotspotModel(booster, tuple(features), prior, _trust(ground, learning), dispersions, scope)


@dataclass(frozen=True, eq=False)
class _Ground:
    """What the trees grow on: the lessons, the prior at every as-of date, what came after those learned from."""

    lessons: Lessons
    expected: Floats  # (all as-of dates, areas)
    observed: Floats  # (as-of dates learned from, areas)
    features: tuple[Feature, ...]

    def grown(self, weeks: Ints, learning: Learning) -> lgb.Booster:
        """Trees on top of the prior, learned from some of the as-of dates."""
        rows = lgb.Dataset(
            design(self.features, self.lessons.rows(weeks)),
            self.came(weeks).ravel(),
            init_score=np.log(self.expected[weeks]).ravel(),
            feature_name=[feature.name for feature in self.features],
        )
        return lgb.train(_parameters(learning), rows, num_boost_round=learning.rounds)

    def raw(self, booster: lgb.Booster, weeks: Ints, *, threads: int) -> Floats:
        """What the trees add to the log rate at some as-of dates, (dates, areas)."""
        rows = self.lessons.rows(weeks)
        return trees(booster, self.features, rows, threads=threads).reshape(len(weeks), -1)

    def came(self, weeks: Ints) -> Floats:
        """Incidents that came after some of the as-of dates learned from, (dates, areas)."""
        return np.asarray(self.observed[np.searchsorted(self.lessons.weeks, weeks)], np.float64)


def _trust(ground: _Ground, learning: Learning) -> float:
    """How much of the trees is to be trusted: no more than they earned on the last year, which they were not shown."""
    weeks, horizon = ground.lessons.weeks, ground.lessons.evidence.past.horizon_weeks
    held = weeks[weeks > weeks[-1] - HELD_BACK_WEEKS]
    early = weeks[weeks <= held[0] - horizon]  # whose outcome had ended by then
    if not len(early) or early[-1] - early[0] < FEWEST_WEEKS or not ground.came(early).any():
        return UNTESTED_TRUST
    raw = ground.raw(ground.grown(early, learning), held, threads=learning.threads)
    came = ground.came(held)
    told = [ground.expected[held] * np.exp(trust * raw) for trust in TRUSTS]
    misfit = np.array([poisson_deviance(came, each).sum(axis=1) for each in told])
    return TRUSTS[least_within_error(misfit, overlap=_overlap(held, horizon))]


def least_within_error(misfit: Floats, *, overlap: float) -> int:
    """Position of the first choice whose misfit is within one standard error of the best, (choices, windows).

    The one-standard-error rule (Breiman et al. 1984, section 3.4.3), paired by window: what is told apart by chance
    alone goes to the smaller. Windows that overlap so many times over count for so much less.
    """
    lost = misfit - misfit[int(np.argmin(misfit.sum(axis=1)))]
    error = lost.std(axis=1) * np.sqrt(lost.shape[1] * overlap)
    return int(np.argmax(lost.sum(axis=1) <= error))


def _overlap(weeks: Ints, horizon_weeks: int) -> float:
    """How many horizons each week of some evenly spaced as-of dates lies in, at least one."""
    step = float(np.diff(weeks).min(initial=horizon_weeks))
    return max(1.0, horizon_weeks / step)


def dispersions_of(observed: Floats, expected: Floats, evidence: Evidence) -> Dispersions:
    """Dispersions of past windows about what was expected, the recent ones weighing most; both (windows, areas)."""
    horizon = evidence.past.horizon_weeks
    weights = 0.5 ** (horizon * np.arange(len(observed))[::-1, None] / MEMORY_WEEKS)
    by_parent = parent_sums(np.stack([observed, expected]), evidence.past.areas.parents)
    return Dispersions(
        dispersion_of(observed, expected, weights),
        dispersion_of(by_parent[0], by_parent[1], weights),
        dispersion_of(observed.sum(axis=1, keepdims=True), expected.sum(axis=1, keepdims=True), weights),
    )


def _parameters(learning: Learning) -> dict[str, Any]:
    return {
        "objective": "poisson",
        "num_leaves": learning.leaves,
        "learning_rate": learning.rate,
        "min_data_in_leaf": learning.rows_per_leaf,
        "lambda_l2": learning.l2,
        "seed": learning.seed,
        "num_threads": learning.threads,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
