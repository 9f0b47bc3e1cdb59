"""The story of the relapse model: how it is trained, and how it is judged before anyone relies on it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from features.arrays import Floats
from features.asof import Visible
from features.catalogue import Feature
from features.errors import TooLittleHistoryError
from features.history import History
from features.relapse import chosen
from models import baseline
from models.relapse import RelapseModel
from training.config import RelapseConfig
from training.fitting import Fitted, fit, weights_of
from training.heard_of import refuse_unheard_of
from training.judgement import MODEL, Backtest, Counts, by_age, judgement, plain
from training.labels import label
from training.rows import Rows, rows_of
from training.splits import Fold, closed_by, folds_of

__all__ = ["Backtest", "Counts", "Trained", "backtest", "rows_to_learn", "train"]

NO_WORKERS: Mapping[str, int] = {}
LAST_YEARS = "last_years_model"


@dataclass(frozen=True)
class Trained:
    """A model, the rows it was made from, and how it did in the backtest."""

    model: RelapseModel
    rows: Rows
    backtest: Backtest


@dataclass(frozen=True)
class Round:
    """One fold of the judgement, done: the fitted model, and the judged rows with the risks of every model."""

    fold: Fold
    fitted: Fitted
    judged: Rows
    told: pd.DataFrame


def train(
    history: History, config: RelapseConfig, *, snapshot_day: int, workers: Mapping[str, int] = NO_WORKERS
) -> Trained:
    """The model fitted on all mature rows, after it was judged on folds it had not seen.

    `workers`: the social workers of each station, for what a list of its capacity finds.
    """
    rows = _rows(history, config, snapshot_day)
    record = _judge(rows, history, config, workers)
    learned = rows.where(rows.trained)
    model = fit(learned, config, refits=config.fit.refits).model
    return Trained(model, learned.where(learned.observed), record)


def backtest(
    history: History, config: RelapseConfig, *, snapshot_day: int, workers: Mapping[str, int] = NO_WORKERS
) -> Backtest:
    """How model and baselines do on rows they were not fitted on; everything is refitted in each fold."""
    return _judge(_rows(history, config, snapshot_day), history, config, workers)


def _rows(history: History, config: RelapseConfig, snapshot_day: int) -> Rows:
    refuse_unheard_of(config, history.levels.__getitem__, [*history.persons])
    return rows_of(history, config, _computed(config), snapshot_day=snapshot_day)


def _judge(rows: Rows, history: History, config: RelapseConfig, workers: Mapping[str, int]) -> Backtest:
    if config.split.by == "both":
        by_time, by_person = (replace(config, split=replace(config.split, by=by)) for by in ("time", "person"))
        beside = _judge(rows, history, by_person, workers)
        record = _judge(rows, history, by_time, workers)
        return replace(record, more=record.more | {"by_person": plain({"models": beside.models, **beside.more})})
    rounds = list(_rounds(rows, history, config))
    record = judgement(pd.concat([each.told for each in rounds], ignore_index=True), config, workers)
    more: dict[str, Any] = {"calibrations": rounds[-1].fitted.calibrations()}
    if config.split.by == "time":
        more["by_age_days"] = by_age(_aged(rounds, config), config)
    return replace(record, more=record.more | more)


def _rounds(rows: Rows, history: History, config: RelapseConfig) -> Iterator[Round]:
    if rows.times["relapse"].isna().all():
        raise TooLittleHistoryError(f"'{config.name}': no row has an observed label; the history is too short.")
    for fold in folds_of(rows.times, config):
        learn, judge = rows_to_learn(rows, history, fold, config), rows.where(fold.judge)
        if learn.times["relapse"].nunique() < 2 or judge.times["relapse"].notna().sum() == 0:
            raise TooLittleHistoryError(
                f"'{config.name}', fold '{fold.name}': both outcomes are needed to learn from and rows to judge; "
                "give a longer history, fewer folds or fewer origins."
            )
        fitted = fit(learn, config)
        told = judge.times.assign(weight=weights_of(fitted, judge))
        for name, risk in _risks(fitted, learn, judge.table, config).items():
            told[name] = risk
        older = _last_years(rows, history, fold, config)
        if older is not None:
            told[LAST_YEARS] = older.model.risk(judge.table)
        yield Round(fold, fitted, judge, told)


def rows_to_learn(rows: Rows, history: History, fold: Fold, config: RelapseConfig) -> Rows:
    """The rows a fold learns from, labelled by what was known on the day of its origin."""
    learn = rows.where(fold.learn)
    return learn if fold.origin is None else _as_known(learn, history, fold.origin, config)


def _as_known(learn: Rows, history: History, day: int, config: RelapseConfig) -> Rows:
    at = learn.times[["person_id", "as_of", "judged", "trained", "station"]]
    labels = label(Visible.at(history, at), config.label, snapshot_day=day)
    return Rows(at.join(labels), learn.table)


def _last_years(rows: Rows, history: History, fold: Fold, config: RelapseConfig) -> Fitted | None:
    """The model as it was made a year (or as configured) before the fold's origin; None where there was none."""
    if fold.origin is None or not config.split.last_years_days:
        return None
    day = fold.origin - config.split.last_years_days
    closed = closed_by(rows.times["as_of"].to_numpy(dtype=np.int64), day, config)
    learn = _as_known(rows.where(closed & rows.trained), history, day, config)
    return fit(learn, config) if learn.times["relapse"].nunique() == 2 else None


def _risks(fitted: Fitted, learn: Rows, table: pd.DataFrame, config: RelapseConfig) -> dict[str, Floats]:
    """The risks of model and baselines for the rows of a table, learned from other rows."""
    observed = learn.where(learn.observed)
    columns, substance = fitted.model.columns, config.features.substances[0]
    last = f"result_positive_{substance}_0".replace("__", "_")
    return {
        MODEL: fitted.model.risk(table),
        "logistic": baseline.logistic(observed.table[columns], observed.relapse)(table[columns]),
        "points": baseline.points(observed.table, observed.relapse, substance)(table),
        "last_result": baseline.last_result(observed.table, observed.relapse, last)(table),
        "base_rate": baseline.base_rate(observed.relapse)(table),
    }


def _aged(rounds: list[Round], config: RelapseConfig) -> dict[int, pd.DataFrame]:
    """By the days between origin and the rows: observed rows with the risk of the model made at the origin."""
    ages: dict[int, list[pd.DataFrame]] = {}
    for made, maker in enumerate(rounds):
        for later, judge in enumerate(rounds[made:]):
            told = judge.told[["person_id", "relapse"]].assign(**{MODEL: maker.fitted.model.risk(judge.judged.table)})
            ages.setdefault(later * config.split.every_days, []).append(told[told["relapse"].notna()])
    return {days: pd.concat(parts, ignore_index=True) for days, parts in sorted(ages.items())}


def _computed(config: RelapseConfig) -> tuple[Feature, ...]:
    """The features of the model, and those that only a baseline asks for."""
    points = (feature for feature, _, _ in baseline.points_features(config.features.substances[0]))
    return tuple(dict.fromkeys([*chosen(config.features), *points]))
