"""Ways to calibrate, compared on persons they had not seen: Platt, beta, isotonic, Venn-Abers, and none.

Platt scaling is what a model carries: it keeps the sum of the reasons exact. The others are fitted on the same raw
log-odds, to see whether they would be worth an entry of their own among the reasons.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from features.history import Floats
from models.calibration import fit_platt, sigmoid
from training.evaluate import log_loss
from training.splits import person_folds

Calibrate = Callable[[Floats, Floats, Floats], Callable[[Floats], Floats]]  # raw, outcome, weight: raw to probability

FOLDS = 5
NEARLY_FREE = 1e6
SAFE = 1e-3  # isotonic steps at 0 and 1 would cost an endless loss when wrong once


def platt(raw: Floats, y: Floats, weight: Floats) -> Callable[[Floats], Floats]:
    """A straight line in the raw log-odds (Platt 1999)."""
    line = fit_platt(raw, y, weight)
    return lambda new: sigmoid(line.log_odds(new))


def beta(raw: Floats, y: Floats, weight: Floats) -> Callable[[Floats], Floats]:
    """Two slopes, of ln p and of -ln(1 - p) (Kull, Silva Filho and Flach 2017, doi:10.1214/17-EJS1338SI)."""

    def design(log_odds: Floats) -> Floats:
        return np.column_stack([-np.logaddexp(0.0, -log_odds), np.logaddexp(0.0, log_odds)])

    line = LogisticRegression(C=NEARLY_FREE).fit(design(raw), y, sample_weight=weight)
    return lambda new: np.asarray(line.predict_proba(design(new))[:, 1])


def isotonic(raw: Floats, y: Floats, weight: Floats) -> Callable[[Floats], Floats]:
    """The best rising step function (Zadrozny and Elkan 2002, doi:10.1145/775047.775151), kept off 0 and 1."""
    steps = IsotonicRegression(out_of_bounds="clip").fit(raw, y, sample_weight=weight)
    return lambda new: np.clip(steps.predict(new), SAFE, 1 - SAFE)


def venn_abers(raw: Floats, y: Floats, weight: Floats) -> Callable[[Floats], Floats]:
    """Two isotonic fits, with the new row counted as a 0 and as a 1, made one (Vovk and Petej 2014).

    At 21 quantiles of the raw log-odds, straight between them; p1 / (1 - p0 + p1).
    """
    knots = np.unique(np.quantile(raw, np.linspace(0, 1, 21)))

    def counted_as(outcome: float, knot: float) -> float:
        steps = IsotonicRegression(out_of_bounds="clip")
        steps.fit(np.append(raw, knot), np.append(y, outcome), sample_weight=np.append(weight, weight.mean()))
        return float(steps.predict([knot])[0])

    low, high = (np.array([counted_as(outcome, knot) for knot in knots]) for outcome in (0.0, 1.0))
    return lambda new: np.interp(new, knots, high / (1 - low + high))


WAYS: dict[str, Calibrate] = {"platt": platt, "beta": beta, "isotonic": isotonic, "venn_abers": venn_abers}


def compared(raw: Floats, y: Floats, weight: Floats, persons: pd.Series) -> dict[str, float]:
    """Log loss of each way on folds of persons it was not fitted on; `none` takes the raw log-odds as they are."""
    fold = person_folds("way of calibration " + persons, FOLDS)
    losses = {"none": log_loss(y, sigmoid(raw), weight)}
    for name, calibrate in WAYS.items():
        risk = np.empty(len(raw))
        for number in np.unique(fold):
            inside, outside = fold != number, fold == number
            risk[outside] = calibrate(raw[inside], y[inside], weight[inside])(raw[outside])
        losses[name] = log_loss(y, risk, weight)
    return losses
