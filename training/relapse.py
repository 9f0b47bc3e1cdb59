"""The story of the relapse model: how it is trained, and how it is judged before anyone relies on it."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.asof import Visible
from features.catalogue import Feature
from features.errors import TooLittleHistoryError
from features.history import Floats, History
from features.relapse import chosen
from models import baseline
from models.calibration import Platt, fit_platt, sigmoid
from models.relapse import RelapseModel, fit_booster, varying
from training.config import RelapseConfig
from training.evaluate import Estimate, judged, paired
from training.labels import label
from training.rows import Rows, rows_of
from training.splits import Flags, Fold, folds_of, person_folds

MODEL = "lightgbm"


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

    `predictions`: person_id, as_of, relapse and one column of risks for each model.
    """

    counts: Counts
    why_unobserved: dict[str, int]
    models: dict[str, dict[str, Estimate]]
    paired: dict[str, dict[str, Estimate]]
    predictions: pd.DataFrame


@dataclass(frozen=True)
class Trained:
    """A model, the rows it was made from, and how it did in the backtest."""

    model: RelapseModel
    rows: Rows
    backtest: Backtest


def train(history: History, config: RelapseConfig, *, snapshot_day: int) -> Trained:
    """The model fitted on all observed rows, after it was judged on folds it had not seen."""
    rows = rows_of(history, config, chosen(config.features), snapshot_day=snapshot_day)
    judgement = _judge(rows, history, config)
    observed = _observed(rows, config)
    features = varying(observed.table, chosen(config.features))
    booster, calibration = _fit(observed, features, config)
    model = RelapseModel(config.name, booster, features, calibration, config.cohort, config.label.horizon_days)
    return Trained(model, observed, judgement)


def backtest(history: History, config: RelapseConfig, *, snapshot_day: int) -> Backtest:
    """How model and baselines do on rows they were not fitted on; everything is refitted in each fold."""
    rows = rows_of(history, config, chosen(config.features), snapshot_day=snapshot_day)
    return _judge(rows, history, config)


def _judge(rows: Rows, history: History, config: RelapseConfig) -> Backtest:
    predictions = pd.concat(list(_out_of_fold(rows, history, config)), ignore_index=True)
    y = predictions["relapse"].to_numpy(dtype=np.float64)
    persons = predictions["person_id"].to_numpy(dtype=object)
    risks = {name: predictions[name].to_numpy(dtype=np.float64) for name in predictions.columns[3:]}
    sampling = {"resamples": config.resamples, "seed": config.seed}
    unobserved = rows.times[rows.times["relapse"].isna() & rows.times["judged"]]
    return Backtest(
        counts=Counts(len(np.unique(persons)), len(y), int(y.sum()), len(unobserved)),
        why_unobserved={str(why): int(n) for why, n in unobserved["why"].value_counts().items()},
        models=judged(y, risks, persons, **sampling),
        paired=paired(y, risks, persons, **sampling),
        predictions=predictions,
    )


def _out_of_fold(rows: Rows, history: History, config: RelapseConfig) -> Iterator[pd.DataFrame]:
    at = rows.times.assign(judged=rows.times["judged"] & _is_observed(rows, config))
    for fold in folds_of(at, config):
        learn, judge = _learned(rows, history, fold, config), rows.where(fold.judge)
        if learn.times["relapse"].nunique() < 2 or judge.times.empty:
            raise TooLittleHistoryError(
                f"'{config.name}', fold '{fold.name}': both outcomes are needed to learn from and rows to judge; "
                "give a longer history, fewer folds or fewer origins."
            )
        predictions = judge.times[["person_id", "as_of", "relapse"]].copy()
        for name, risk in _risks(learn, judge.table, config).items():
            predictions[name] = risk
        yield predictions


def _learned(rows: Rows, history: History, fold: Fold, config: RelapseConfig) -> Rows:
    """The observed rows a fold learns from, labelled by what was known on the day of its origin."""
    learn = rows.where(fold.learn)
    if fold.origin is not None:
        at = learn.times[["person_id", "as_of", "judged"]]
        labels = label(Visible.at(history, at), config.label, snapshot_day=fold.origin)
        learn = Rows(at.join(labels), learn.table)
    return learn.where(learn.times["relapse"].notna().to_numpy())


def _risks(learn: Rows, table: pd.DataFrame, config: RelapseConfig) -> dict[str, Floats]:
    """The risks of model and baselines for the rows of a table, learned from other rows."""
    features = varying(learn.table, chosen(config.features))
    booster, calibration = _fit(learn, features, config)
    columns = [feature.name for feature in features]
    raw = np.asarray(booster.predict(table[columns].to_numpy(dtype=np.float64), raw_score=True))
    last = f"result_positive_{config.features.substances[0]}_0".replace("__", "_")
    return {
        MODEL: sigmoid(calibration.log_odds(raw)),
        "logistic": baseline.logistic(learn.table[columns], learn.relapse)(table[columns]),
        "last_result": baseline.last_result(learn.table, learn.relapse, last)(table),
        "base_rate": baseline.base_rate(learn.relapse)(table),
    }


def _fit(rows: Rows, features: tuple[Feature, ...], config: RelapseConfig) -> tuple[lgb.Booster, Platt]:
    """A booster on all rows, and a calibration from boosters that had not seen the persons they were asked about."""
    table = rows.table[[feature.name for feature in features]]
    relapse = rows.relapse
    fold = person_folds("calibration " + rows.times["person_id"].astype(str), config.calibration_folds)
    raw = np.empty(len(relapse))

    def ask_outsiders(number: int) -> None:
        inside, outside = fold != number, fold == number
        if outside.any():
            apart = fit_booster(table[inside], relapse[inside], config.growth)
            raw[outside] = apart.predict(table[outside].to_numpy(dtype=np.float64), raw_score=True)

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # LightGBM works outside Python's lock
        whole = pool.submit(fit_booster, table, relapse, config.growth)
        list(pool.map(ask_outsiders, range(config.calibration_folds)))
    return whole.result(), fit_platt(raw, relapse)


def _observed(rows: Rows, config: RelapseConfig) -> Rows:
    return rows.where(_is_observed(rows, config))


def _is_observed(rows: Rows, config: RelapseConfig) -> Flags:
    observed = rows.times["relapse"].notna().to_numpy(dtype=np.bool_)
    if not observed.any():
        raise TooLittleHistoryError(f"'{config.name}': no row has an observed label; the history is too short.")
    return observed
