"""Expected incidents per area in the coming weeks: a prior rate, trees on top of it, an interval, and the reasons.

Where is stable and the level moves, so the model starts from each area's last year, shrunk towards the city's mean, and
LightGBM learns, lightly, what to multiply it by: log(expected) = log(prior) + trees. There is one model per level and
horizon. Areas are forecast, never persons, and reasons are not causes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from features import hotspot as catalogue
from features.areas import AreaSet, Floats, Grid, cells, townships
from features.errors import ConfigError, SchemaError, TooLittleHistoryError
from features.hotspot import Feature, Places, VisiblePast
from models.reasons import contributions_of

YEAR_WEEKS = 52
SILENT_DAYS = 42  # a horizon of four weeks and two weeks of reporting lag
YEAR_COUNT = "count_52w"
SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7)


@dataclass(frozen=True)
class Scope:
    """What is forecast: which incidents, of which areas, over how many weeks."""

    level: str
    horizon_weeks: int
    kinds: tuple[str, ...]
    reporters: tuple[str, ...]
    grid: Grid | None = None


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


@dataclass(frozen=True)
class Prior:
    """Last year's count of the area, shrunk by `share` towards the mean of all areas, scaled to the horizon."""

    share: float

    def expected(self, table: pd.DataFrame, *, horizon_weeks: int) -> Floats:
        """Expected incidents of each row in the horizon; always above zero."""
        own = table[YEAR_COUNT].to_numpy(float)
        by_date = table.groupby("as_of")[YEAR_COUNT]
        # One incident is added to the city's year, so that a silent year still gives a rate.
        mean = ((by_date.transform("sum") + 1) / by_date.transform("size")).to_numpy(float)
        return ((1 - self.share) * own + self.share * mean) * horizon_weeks / YEAR_WEEKS


@dataclass(frozen=True, eq=False)
class HotspotModel:
    """A fitted model and all that is needed to look at a city in the same way again."""

    booster: lgb.Booster
    features: tuple[Feature, ...]
    prior: Prior
    dispersion: float  # negative-binomial: variance = mean + dispersion x mean squared
    scope: Scope


def fit(
    table: pd.DataFrame, observed: Floats, scope: Scope, learning: Learning, features: Sequence[Feature]
) -> HotspotModel:
    """Model of the incidents observed in the horizon of each row of the feature table."""
    if YEAR_COUNT not in {feature.name for feature in features}:
        raise ConfigError(f"features: `{YEAR_COUNT}` is absent; the prior is made of it, so it has to be in use.")
    prior = _likeliest_prior(table, observed, scope.horizon_weeks)
    offset = np.log(prior.expected(table, horizon_weeks=scope.horizon_weeks))
    names = [feature.name for feature in features]
    rows = lgb.Dataset(table[names].to_numpy(float), observed, init_score=offset, feature_name=names)
    booster = lgb.train(_parameters(learning), rows, num_boost_round=learning.rounds)
    expected = np.exp(offset + booster.predict(table[names].to_numpy(float), raw_score=True))
    return HotspotModel(booster, tuple(features), prior, _dispersion(observed, expected), scope)


def predict(model: HotspotModel, table: pd.DataFrame) -> Floats:
    """Expected incidents of each row in the horizon, above zero."""
    raw = model.booster.predict(_design(model, table), raw_score=True)
    return np.asarray(np.exp(_log_prior(model, table) + raw), np.float64)


def contributions(model: HotspotModel, table: pd.DataFrame) -> pd.DataFrame:
    """What each feature adds to the log rate, with `base` (the trees' mean) and `prior`.

    Rows sum to the log rate; ReasonsError when they do not.
    """
    parts = np.asarray(model.booster.predict(_design(model, table), pred_contrib=True))
    prior = _log_prior(model, table)
    contributions_of(np.column_stack([prior, parts]), np.log(predict(model, table)))
    names = [feature.name for feature in model.features]
    return pd.DataFrame(parts, columns=[*names, "base"]).assign(prior=prior)


def interval(model: HotspotModel, expected: Floats, *, coverage: float = 0.9) -> tuple[Floats, Floats]:
    """Lower and upper end of the count in the horizon, negative-binomial."""
    tails = ((1 - coverage) / 2, (1 + coverage) / 2)
    if model.dispersion < 1e-6:
        ends = [stats.poisson.ppf(tail, expected) for tail in tails]
    else:
        size = 1 / model.dispersion
        ends = [stats.nbinom.ppf(tail, size, size / (size + expected)) for tail in tails]
    return np.asarray(ends[0], np.float64), np.asarray(ends[1], np.float64)


def study_areas(scope: Scope, incidents: pd.DataFrame, areas: pd.DataFrame | None, *, as_of: int) -> AreaSet:
    """The areas forecast at an as-of date, from the counted incidents and the `areas` table."""
    if scope.grid is not None:
        return cells(incidents, scope.grid, as_of=as_of)
    if areas is None:
        raise SchemaError("areas: the table is absent; a forecast by township needs it.")
    return townships(areas)


def look(model: HotspotModel, places: Places, *, as_of: int) -> pd.DataFrame:
    """The model's features of every area at one as-of date.

    TooLittleHistoryError before a year was known, and when nothing has become known for so long that the records must
    have stopped: their silence would read as an end of harm.
    """
    scope = model.scope
    seen = catalogue.counted(places.incidents, level=scope.level, kinds=scope.kinds, reporters=scope.reporters)
    _refuse_stopped_records(np.asarray(seen["known_on"], dtype=np.int64), as_of)
    areas = study_areas(scope, seen, places.areas, as_of=as_of)
    dates = np.array([as_of], np.int64)
    past = catalogue.visible_past(seen, places.effort, areas, as_of=dates, horizon_weeks=scope.horizon_weeks)
    _refuse_thin_air(past)
    return catalogue.compute(past, model.features)


def forecast(model: HotspotModel, places: Places, *, as_of: int, horizon_weeks: int, level: str) -> pd.DataFrame:
    """area_id, level, expected, low, high (90 %) of every area in the weeks after the as-of date."""
    scope = model.scope
    if (horizon_weeks, level) != (scope.horizon_weeks, scope.level):
        raise ConfigError(
            f"forecast: asked for {horizon_weeks} weeks by {level}, but this model is of {scope.horizon_weeks} weeks "
            f"by {scope.level}; ask for what it was trained for, or train another."
        )
    return estimate(model, look(model, places, as_of=as_of))


def estimate(model: HotspotModel, table: pd.DataFrame) -> pd.DataFrame:
    """area_id, level, expected, low, high (90 %) of each row of a feature table, such as `look` gives."""
    expected = predict(model, table)
    low, high = interval(model, expected)
    area_id = table["area_id"].astype("str").to_numpy()
    return pd.DataFrame(
        {"area_id": area_id, "level": model.scope.level, "expected": expected, "low": low, "high": high}
    )


def poisson_deviance(observed: Floats, expected: Floats) -> Floats:
    """Poisson deviance of each count, at or above zero: 2 (y log(y / m) - y + m)."""
    ratio = np.divide(observed, expected, out=np.ones_like(expected), where=observed > 0)
    return np.asarray(2 * (observed * np.log(ratio) - observed + expected), np.float64)


def _refuse_stopped_records(known_on: NDArray[np.int64], as_of: int) -> None:
    days = np.unique(known_on[known_on <= as_of])[-YEAR_WEEKS * 7 :]
    if len(days) == 0:
        return  # told as too short a past
    usual = int(np.diff(days).max(initial=0))  # a county with few incidents is often silent for long
    if as_of - int(days[-1]) > max(SILENT_DAYS, 2 * usual):
        raise TooLittleHistoryError(
            "incidents: none has become known for far longer than usual before the as-of date; "
            "ask for an earlier date, or ingest what has happened since."
        )


def _refuse_thin_air(past: VisiblePast) -> None:
    # The prior is the year's count: of a shorter past, or none, it would tell a level that nobody has seen.
    if not (past.weeks_of_history() >= YEAR_WEEKS).all():  # NaN where no incident was known
        raise TooLittleHistoryError(
            f"incidents: fewer than {YEAR_WEEKS} weeks of those the model counts were known by the as-of date; "
            "ask for a later date, or ingest earlier incidents."
        )


def _likeliest_prior(table: pd.DataFrame, observed: Floats, horizon_weeks: int) -> Prior:
    def misfit(prior: Prior) -> float:
        expected = prior.expected(table, horizon_weeks=horizon_weeks)
        level = observed.sum() / expected.sum()  # the share is about where; how much is for the trees
        return float(poisson_deviance(observed, expected * max(level, 1e-9)).sum())

    return min((Prior(share) for share in SHARES), key=misfit)


def _dispersion(observed: Floats, expected: Floats) -> float:
    excess = ((observed - expected) ** 2 - expected).sum()
    return max(0.0, float(excess / (expected**2).sum()))


def _log_prior(model: HotspotModel, table: pd.DataFrame) -> Floats:
    return np.asarray(np.log(model.prior.expected(table, horizon_weeks=model.scope.horizon_weeks)), np.float64)


def _design(model: HotspotModel, table: pd.DataFrame) -> Floats:
    return table[[feature.name for feature in model.features]].to_numpy(np.float64)


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
