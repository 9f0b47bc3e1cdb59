"""The share of the oracle's skill: how near a model comes to what the hidden state of an invented city says.

The hidden state is more than any record shows, so that the share is told, not promised. The oracle's probabilities rest
on draws; their Monte Carlo variance is taken off its Brier score, which would look too high with it.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.arrays import Floats
from features.errors import ConfigError
from features.history import History
from features.home import Home
from features.relapse import chosen
from training import card, relapse
from training.city.weeks import EPOCH
from training.config import RelapseConfig, read
from training.coverage import coverage
from training.evaluate import Estimate, Sampling, auroc, brier, draws, estimate
from training.fitting import fit
from training.judgement import MODEL, plain
from training.labels import Label
from training.material import Tell, material
from training.rows import rows_of
from training.splits import closed_by
from training.terminal import shown
from training.truth import Known, Truth, answered, known, read_truth

FACTS = ("person_id", "as_of", "relapse")
OUTCOMES = {"detected": "detected relapse", "used": "true use"}
SHOWN = ("auroc", "auroc_share", "brier", "brier_share", "mean_absolute_error")
COVERAGE_HEADS = ("interval", "risk", "interval_low", "interval_high", "probability", "held")
A_WEEK = 7
ANY = Label()  # the label the oracle knows: what is seen of urine tests, for any substance


@dataclass(frozen=True)
class Setting:
    """A backtest on the oracle's dates: the configuration, and the last day whose records may tell of the outcome."""

    config: RelapseConfig
    snapshot_day: int


def backtest(home: Home, config: Path | None, folder: Path, tell: Tell) -> dict[str, Any]:
    """The figures of the relapse backtest at the oracle's dates, and under "oracle" the shares of its skill."""
    truth, made_from = read_truth(folder), material(home, tell)
    setting = on_dates_of(truth, read(config), last_day=made_from.last_day)
    tell("features, folds and figures")
    told = relapse.backtest(made_from.history, setting.config, snapshot_day=setting.snapshot_day)
    tell("shares of the oracle's skill")
    shares = against_oracle(told.predictions, truth, setting.config)
    return {**card.relapse_figures(told), "oracle": {**shares, **interval_coverage(made_from.history, truth, setting)}}


def on_dates_of(truth: Truth, config: RelapseConfig, *, last_day: int) -> Setting:
    """The configuration judged at the oracle's dates, one origin each, and learning from the dates it learns from.

    Hair tests do not count: whether they tell of the window hangs on what was on record before, which no state holds.
    """
    faults = list(_faults(truth, config, last_day))
    if faults:
        raise ConfigError(f"'{config.name}' cannot be judged by this oracle: {'; '.join(faults)}.")
    dates = truth.as_of
    gap = dates[1] - dates[0] if len(dates) > 1 else A_WEEK
    as_of = replace(
        config.as_of, every_days=gap, trained_every_days=config.as_of.trained_every_days or config.as_of.every_days
    )
    split = replace(config.split, by="time", origins=len(dates), every_days=gap)
    until = dates[-1] + config.label.horizon_days + config.label.reporting_lag_days
    label = replace(config.label, kinds=ANY.kinds)
    return Setting(replace(config, label=label, as_of=as_of, split=split), until)


def _faults(truth: Truth, config: RelapseConfig, last_day: int) -> Any:
    asked, dates = config.label, truth.as_of
    if (asked.outcome, asked.substance, asked.observed_outcomes) != (ANY.outcome, ANY.substance, ANY.observed_outcomes):
        yield "the oracle knows of positive tests for any substance alone"
    if asked.horizon_days != truth.horizon_days:
        yield f"its horizon is {asked.horizon_days} days, the oracle's {truth.horizon_days}"
    if config.as_of.clock != "calendar":
        yield "as_of: clock is not 'calendar', and the oracle's dates are days of the calendar"
    if len(set(np.diff(dates))) > 1:
        yield "the oracle's dates are not equally far apart; ask it about others"
    latest = last_day - asked.horizon_days - asked.reporting_lag_days
    if dates[-1] > latest:
        yield f"the label of {_date(dates[-1])} is not mature yet; ask the oracle about Sundays up to {_date(latest)}"


def _date(day: int) -> date:
    return EPOCH + timedelta(days=day)


def against_oracle(predictions: pd.DataFrame, truth: Truth, config: RelapseConfig) -> dict[str, Any]:
    """The shares of all models of a backtest, on detected relapse and on true use of the same observed rows.

    `predictions`: person_id, as_of (days since 1970-01-01), relapse and one column of risks for each model.
    """
    asked = answered(predictions, truth)
    rows = predictions[asked].reset_index(drop=True)
    sampling = draws(rows["person_id"].to_numpy(dtype=object), resamples=config.resamples, seed=config.seed)
    risks = {name: rows[name].to_numpy(dtype=np.float64) for name in rows.columns if name not in FACTS}
    return {
        "as_of": [_date(day).isoformat() for day in truth.as_of],
        "horizon_days": truth.horizon_days,
        "label_kinds": list(config.label.kinds),
        "draws": truth.draws,
        "rows": len(rows),
        "rows_not_answered": int((~asked).sum()),
        **{outcome: plain(_shares(risks, side, sampling)) for outcome, side in known(rows, truth).items()},
    }


def _shares(risks: dict[str, Floats], side: Known, sampling: Sampling) -> dict[str, Any]:
    """Base rate and oracle, and for each model its skill, its share of the oracle's, and how far off its risks are."""
    return {
        "positives": int(side.came.sum()),
        "base_rate": {"brier": estimate(_base, side.came, side.probability, sampling)},
        "oracle": {
            "auroc": estimate(auroc, side.came, side.probability, sampling),
            "brier": estimate(_best(side), side.came, side.probability, sampling),
        },
        "models": {name: _model(risk, side, sampling) for name, risk in risks.items()},
    }


def _model(risk: Floats, side: Known, sampling: Sampling) -> dict[str, Estimate]:
    def share_of_auroc(y: Floats, mine: Floats, weight: Floats) -> float:
        return (auroc(y, mine, weight) - 0.5) / (auroc(y, side.probability, weight) - 0.5)

    def share_of_brier(y: Floats, mine: Floats, weight: Floats) -> float:
        base = _base(y, mine, weight)
        return (base - brier(y, mine, weight)) / (base - _best(side)(y, side.probability, weight))

    def error(_: Floats, mine: Floats, weight: Floats) -> float:
        return float(np.average(np.abs(mine - side.probability), weights=weight))

    measures = {
        "auroc": auroc,
        "brier": brier,
        "auroc_share": share_of_auroc,
        "brier_share": share_of_brier,
        "mean_absolute_error": error,
    }
    return {name: estimate(measure, side.came, risk, sampling) for name, measure in measures.items()}


def heads(outcome: str) -> tuple[str, ...]:
    """The heads of the table of an outcome."""
    return (OUTCOMES[outcome], *(name.replace("_", " ") for name in SHOWN))


def lines(shares: dict[str, Any]) -> list[tuple[str, ...]]:
    """The oracle and every model, a line each, under the heads."""
    told = {"oracle": shares["oracle"], **shares["models"]}
    return [(name, *(shown(figures[key]) if key in figures else "" for key in SHOWN)) for name, figures in told.items()]


def _base(y: Floats, _: Floats, weight: Floats) -> float:
    """The Brier score of giving everybody the share of all rows."""
    share = float(np.average(y, weights=weight))
    return share * (1 - share)


def _best(side: Known) -> Any:
    """The measure of the Brier score the oracle would have with draws without end."""

    def score(y: Floats, probability: Floats, weight: Floats) -> float:
        return float(np.average((y - probability) ** 2 - side.noise, weights=weight))

    return score


def interval_coverage(history: History, truth: Truth, setting: Setting) -> dict[str, Any]:
    """How often the interval of a risk holds the oracle's probability, of a model made at the last of its dates.

    The interval is that of people with such a history; the oracle tells persons apart whom no record does, so less than
    the nominal share is held even by a perfect interval. What it should hold is the mean of a tenth of the risks.
    """
    config, day = setting.config, truth.as_of[-1]
    rows = rows_of(history, config, chosen(config.features), snapshot_day=setting.snapshot_day)
    as_of = rows.times["as_of"].to_numpy(dtype=np.int64)
    learned = rows.where(closed_by(as_of, day, config) & rows.trained)
    judged = rows.where((as_of == day) & rows.observed)
    judged = judged.where(answered(judged.times, truth))
    model = fit(learned, config, refits=config.fit.refits).model
    interval = model.interval(judged.table, model.log_odds(judged.table))
    if interval is None:
        return {}
    probability = known(judged.times, truth)["detected"].probability
    persons = judged.times["person_id"].to_numpy(dtype=object)
    sampling = draws(persons, resamples=config.resamples, seed=config.seed)
    told = coverage(model.risk(judged.table), interval, probability, sampling)
    return {"interval_coverage": {MODEL: plain(told)}}


def coverage_lines(told: dict[str, Any]) -> list[tuple[str, ...]]:
    """All rows and each tenth of the risks, a line each, under COVERAGE_HEADS."""
    parts = [[f"{each[name]:.3f}" for name in COVERAGE_HEADS[1:-1]] + [shown(each["held"])] for each in told["tenths"]]
    lines = [(f"tenth {number}", *part) for number, part in enumerate(parts, start=1)]
    return [("all", *[""] * (len(COVERAGE_HEADS) - 2), shown(told["held"])), *lines]
