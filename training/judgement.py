"""The judgement of a relapse model: its figures on rows it was not fitted on, beside the baselines, with intervals."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from math import isnan
from typing import Any

import numpy as np
import pandas as pd

from features.arrays import Floats
from training import capacity
from training.config import RelapseConfig
from training.evaluate import MEASURES, Estimate, Sampling, draws, estimate, judged, paired
from training.small_stations import small_stations

MODEL = "lightgbm"
FACTS = ("person_id", "as_of", "station", "judged", "trained", "relapse", "why", "seen_days", "surprise", "weight")
OF_AGE = ("auroc", "auprc", "brier", "slope", "intercept")
OF_SURPRISE = ("auroc", "auprc")  # one test in place of all: the levels are not comparable, the order is


@dataclass(frozen=True)
class Counts:
    """How many persons, rows and positives a model was judged on, and how many rows were not observed."""

    persons: int
    rows: int
    positives: int
    unobserved: int


@dataclass(frozen=True)
class Backtest:
    """Figures of the model and the baselines on the same rows, and the out-of-fold predictions they come from.

    `predictions`: person_id, as_of, relapse and one column of risks for each model, observed rows alone. `more`: what
    else was judged, as plain values, each figure as value, low and high. `rows`: all judged rows with FACTS and risks.
    """

    counts: Counts
    why_unobserved: dict[str, int]
    models: dict[str, dict[str, Estimate]]
    paired: dict[str, dict[str, Estimate]]
    predictions: pd.DataFrame
    more: dict[str, Any] = field(default_factory=dict)
    rows: pd.DataFrame = field(default_factory=pd.DataFrame)


def judgement(told: pd.DataFrame, config: RelapseConfig, workers: Mapping[str, int]) -> Backtest:
    """The figures of out-of-fold risks: rows with the columns of FACTS and one column for each model."""
    names = [name for name in told.columns if name not in FACTS]
    seen = told[told["relapse"].notna()].reset_index(drop=True)
    y, risks = _column(seen, "relapse"), {name: _column(seen, name) for name in names}
    sampling = _sampling(seen, config)
    unobserved = told[told["relapse"].isna()]
    return Backtest(
        counts=Counts(seen["person_id"].nunique(), len(seen), int(y.sum()), len(unobserved)),
        why_unobserved={str(why): int(n) for why, n in unobserved["why"].value_counts().items()},
        models=judged(y, risks, sampling),
        paired=paired(y, risks, sampling),
        predictions=seen[["person_id", "as_of", "relapse", *names]],
        rows=told,
        more=plain(
            {
                "weighted": judged(y, risks, sampling, weight=_column(seen, "weight")),
                "surprise": _surprise(told, names, config),
                "reliability": capacity.reliability(y, risks[MODEL], sampling),
                "decision_curve": capacity.decision_curve(y, risks, config.use.thresholds, sampling),
                "capacity": _capacity(told, names, config, workers),
                "stations": small_stations(
                    seen,
                    risks[MODEL],
                    sampling,
                    least_persons=config.gate.least_persons,
                    least_relapses=config.gate.least_relapses,
                ),
            }
        ),
    )


def by_age(aged: Mapping[int, pd.DataFrame], config: RelapseConfig) -> dict[str, Any]:
    """How a model does by its age in days when the rows (person_id, relapse, lightgbm) begin: how old may it get."""

    def figures(rows: pd.DataFrame) -> dict[str, Any]:
        y, risk, sampling = _column(rows, "relapse"), _column(rows, MODEL), _sampling(rows, config)
        return {"rows": len(rows), **{name: estimate(MEASURES[name], y, risk, sampling) for name in OF_AGE}}

    return {str(days): plain(figures(rows)) for days, rows in aged.items()}


def plain(figures: Any) -> Any:
    """What JSON can hold: estimates as value, low, high; NaN, which is no JSON, as null."""
    if is_dataclass(figures) and not isinstance(figures, type):
        return plain(asdict(figures))
    if isinstance(figures, Mapping):
        return {str(key): plain(value) for key, value in figures.items()}
    if isinstance(figures, list | tuple):
        return [plain(value) for value in figures]
    return None if isinstance(figures, float) and isnan(figures) else figures


def _surprise(told: pd.DataFrame, names: list[str], config: RelapseConfig) -> dict[str, Any]:
    """Against the outcome of surprise tests alone, which neither suspicion nor calendar chose: an unbiased check."""
    tested = told[told["surprise"].notna()]
    y = _column(tested, "surprise")
    if len(np.unique(y)) < 2:
        return {"rows": len(tested), "models": {}}
    sampling = _sampling(tested, config)
    models = {
        name: {key: estimate(MEASURES[key], y, _column(tested, name), sampling) for key in OF_SURPRISE}
        for name in names
    }
    return {"rows": len(tested), "positives": int(y.sum()), "models": models}


def _capacity(told: pd.DataFrame, names: list[str], config: RelapseConfig, workers: Mapping[str, int]) -> Any:
    """The lists at each number of persons a worker; None where no station has a worker."""
    if not told["station"].isin(list(workers)).any():
        return None
    sampling = _sampling(told, config)

    def lists_of(name: str, persons_a_worker: int) -> dict[str, Any]:
        on_list = capacity.listed(told, _column(told, name), workers, persons_a_worker=persons_a_worker)
        found = capacity.at_capacity(told, on_list, sampling)
        return {**found, "still_listed_after_days": capacity.stability(told, on_list, sampling)}

    return {f"{size}_a_worker": {name: lists_of(name, size) for name in names} for size in config.use.persons_a_worker}


def _sampling(rows: pd.DataFrame, config: RelapseConfig) -> Sampling:
    return draws(rows["person_id"].to_numpy(dtype=object), resamples=config.resamples, seed=config.seed)


def _column(rows: pd.DataFrame, name: str) -> Floats:
    return rows[name].to_numpy(dtype=np.float64)
