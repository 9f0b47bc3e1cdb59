"""How a relapse model is fitted on some rows: weights, trees of several seeds, linear part, calibration, spread.

All that is chosen here (growth, when to stop, how much the linear part counts, calibration) is chosen by what models
say of persons they had not seen, within the rows given: whoever judges on other rows judges fairly.
"""

from dataclasses import dataclass, replace

import lightgbm as lgb
import numpy as np
from threadpoolctl import threadpool_limits

from features.arrays import Floats, Ints
from features.catalogue import Feature
from features.relapse import chosen
from models.boosters import Growth, merged, raw_score
from models.calibration import fit_platt
from models.interval import Spread, fit_spread
from models.linear import Linear, fit_linear
from models.monotone import directions
from models.relapse import RelapseModel, varying
from training.calibrations import compared, fit_curve
from training.config import RelapseConfig
from training.lesson import Lesson, checks_of, side_by_side, trees_outside
from training.rows import Rows
from training.splits import person_folds
from training.tune import tuned
from training.weights import Observing, observing


@dataclass(frozen=True)
class Fitted:
    """A model, how likely rows were to be observed, and what fits without its persons said of each row."""

    model: RelapseModel
    observing: Observing
    lesson: Lesson
    raw: Floats

    def calibrations(self) -> dict[str, float]:
        """The log loss of each way to calibrate, on persons it was not fitted on."""
        return compared(self.raw, self.lesson.relapse, self.lesson.weight, self.lesson.persons)


def fit(rows: Rows, config: RelapseConfig, *, refits: int = 0) -> Fitted:
    """The model of a configuration learned from labelled rows, observed or not; with an interval when refits > 0.

    Regressions keep to one thread: more would spend longer on waiting for each other than on work, and sums in another
    order would make the last bits depend on the machine.
    """
    with threadpool_limits(limits=1):
        return _fitted(rows, config, refits)


def _fitted(rows: Rows, config: RelapseConfig, refits: int) -> Fitted:
    observed = rows.where(rows.observed)
    features = varying(observed.table, chosen(config.features))
    seen = observing(rows.narrowed(features))
    lesson = _lesson(observed.narrowed(features), features, config, seen if config.fit.weighted else None)
    config = replace(config, growth=tuned(lesson, config.growth, config.tuning))
    apart = _outside(lesson, config)
    growth, share, raw = _chosen(apart, lesson, config)
    config = replace(config, growth=growth)
    model = RelapseModel(
        name=config.name,
        booster=_booster(lesson, config.growth),
        features=features,
        calibration=fit_platt(raw, lesson.relapse, lesson.weight),
        cohort=config.cohort,
        horizon_days=config.label.horizon_days,
        linear=_linear(lesson, config) if share > 0 else None,
        linear_share=share,
        spread=_spread(lesson, share, config, refits),
        curve=fit_curve(config.fit.calibration, raw, lesson.relapse, lesson.weight),
    )
    return Fitted(model, seen, lesson, raw)


def weights_of(fitted: Fitted, rows: Rows) -> Floats:
    """The weight of each row, by what was learned of who is observed; 0 where it was not, for others stand for it."""
    weights = np.zeros(len(rows.times))
    weights[rows.observed] = fitted.observing.weights(rows.where(rows.observed).narrowed(fitted.model.features))
    return weights


def _lesson(rows: Rows, features: tuple[Feature, ...], config: RelapseConfig, seen: Observing | None) -> Lesson:
    weight = np.ones(len(rows.times)) if seen is None else seen.weights(rows)
    held = directions(features) if config.fit.monotone else (0,) * len(features)
    return Lesson(rows.table, rows.relapse, weight, rows.times["person_id"].astype("str"), held)


@dataclass(frozen=True)
class Apart:
    """Raw log-odds from fits that had not seen a row's person: trees after some numbers of rounds, and the line."""

    rounds: Ints
    trees: Floats
    linear: Floats


def _outside(lesson: Lesson, config: RelapseConfig) -> Apart:
    fold = person_folds("calibration " + lesson.persons, config.fit.calibration_folds)
    rounds = checks_of(config.growth.rounds) if config.fit.stop_early else np.array([config.growth.rounds])
    linear = np.zeros(len(fold))

    def ask(number: int) -> None:
        outside = fold == number
        line = _linear(lesson.where(~outside), config)
        linear[outside] = line.log_odds(lesson.table[outside].to_numpy(dtype=np.float64))

    if max(config.fit.linear_shares) > 0:
        side_by_side(ask, np.unique(fold))
    return Apart(rounds, trees_outside(lesson, config.growth, fold, rounds), linear)


def _chosen(apart: Apart, lesson: Lesson, config: RelapseConfig) -> tuple[Growth, float, Floats]:
    """The rounds to stop at and the share of the line with the least calibrated loss, and the raw log-odds of both."""
    mixed = {
        (int(rounds), share): _mixed(trees, apart.linear, share)
        for rounds, trees in zip(apart.rounds, apart.trees, strict=True)
        for share in config.fit.linear_shares
    }
    rounds, share = min(mixed, key=lambda each: lesson.calibrated_loss(mixed[each]))
    return replace(config.growth, rounds=rounds), share, mixed[rounds, share]


def _spread(lesson: Lesson, share: float, config: RelapseConfig, refits: int) -> Spread | None:
    """How far fits on resampled persons lie apart, each asked about the persons it did not draw."""
    ids, place = np.unique(lesson.persons.to_numpy(dtype=object), return_inverse=True)
    random = np.random.default_rng(config.seed)
    drawn = random.multinomial(len(ids), np.full(len(ids), 1 / len(ids)), size=refits)[:, place]

    def answer(times: Floats) -> Floats:
        resampled = lesson.where(times > 0, times)
        matrix = lesson.table[times == 0].to_numpy(dtype=np.float64)
        told = np.full(len(times), np.nan)
        trees = raw_score(resampled.grown(config.growth), matrix, threads=config.growth.num_threads)
        linear = _linear(resampled, config).log_odds(matrix) if share > 0 else np.zeros(len(matrix))
        told[times == 0] = _mixed(trees, linear, share)
        return told

    return fit_spread(lesson.table, side_by_side(answer, drawn.astype(np.float64)), seed=config.seed)


def _booster(lesson: Lesson, growth: Growth) -> lgb.Booster:
    return merged(side_by_side(lesson.grown, growth.each_seed()))


def _linear(lesson: Lesson, config: RelapseConfig) -> Linear:
    return fit_linear(
        lesson.table.to_numpy(dtype=np.float64),
        lesson.relapse,
        strength=config.fit.linear_strength,
        directions=lesson.directions,
        weight=lesson.weight,
    )


def _mixed(trees: Floats, linear: Floats, share: float) -> Floats:
    return (1 - share) * trees + share * linear
