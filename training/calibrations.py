"""Ways to calibrate, fitted, and compared on persons they had not seen: Platt, beta, isotonic, Venn-Abers, and none.

A model carries Platt scaling, a line, unless its configuration asks for another way (`fit.calibration`). All are fitted
on the same raw log-odds, and a backtest tells the log loss of each.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.isotonic import IsotonicRegression

from features.arrays import Floats
from models.calibration import fit_platt, sigmoid
from models.curves import LINE, Beta, Curve, Knots, both_logarithms
from models.linear import fit_linear
from training.evaluate import log_loss
from training.splits import person_folds

FOLDS = 5
NEARLY_FREE = 1e6
SAFE = 1e-3  # isotonic steps at 0 and 1 would cost an endless loss when wrong once
QUANTILES = 21


def fit_curve(method: str, raw: Floats, y: Floats, weight: Floats) -> Curve | None:
    """The curve of a method from raw log-odds, outcomes (0, 1) and weights; None where the method is the line."""
    return None if method == LINE else WAYS[method](raw, y, weight)


def beta(raw: Floats, y: Floats, weight: Floats) -> Beta:
    """Two slopes, of ln p and of -ln(1 - p) (Kull, Silva Filho and Flach 2017, doi:10.1214/17-EJS1338SI)."""
    return Beta(fit_linear(both_logarithms(raw), y, strength=NEARLY_FREE, directions=(1, 1), weight=weight))


def isotonic(raw: Floats, y: Floats, weight: Floats) -> Knots:
    """The best rising step function (Zadrozny and Elkan 2002, doi:10.1145/775047.775151), kept off 0 and 1."""
    steps = IsotonicRegression(out_of_bounds="clip").fit(raw, y, sample_weight=weight)
    return _knots("isotonic", steps.X_thresholds_, np.clip(steps.y_thresholds_, SAFE, 1 - SAFE))


def venn_abers(raw: Floats, y: Floats, weight: Floats) -> Knots:
    """Two isotonic fits, with the new row counted as a 0 and as a 1, made one (Vovk and Petej 2014).

    At 21 quantiles of the raw log-odds, straight between them; p1 / (1 - p0 + p1).
    """
    places = np.unique(np.quantile(raw, np.linspace(0, 1, QUANTILES)))

    def counted_as(outcome: float, place: float) -> float:
        steps = IsotonicRegression(out_of_bounds="clip")
        steps.fit(np.append(raw, place), np.append(y, outcome), sample_weight=np.append(weight, weight.mean()))
        return float(steps.predict([place])[0])

    low, high = (np.array([counted_as(outcome, place) for place in places]) for outcome in (0.0, 1.0))
    return _knots("venn_abers", places, high / (1 - low + high))


def _knots(method: str, raw: npt.ArrayLike, risk: npt.ArrayLike) -> Knots:
    """The knots of a curve, which rises but for the last bits of its sums."""
    return Knots(method, tuple(map(float, np.asarray(raw))), tuple(map(float, np.maximum.accumulate(np.asarray(risk)))))


WAYS: dict[str, Callable[[Floats, Floats, Floats], Curve]] = {
    "beta": beta,
    "isotonic": isotonic,
    "venn_abers": venn_abers,
}


def compared(raw: Floats, y: Floats, weight: Floats, persons: pd.Series) -> dict[str, float]:
    """Log loss of each way on folds of persons it was not fitted on; `none` takes the raw log-odds as they are."""
    fold = person_folds("way of calibration " + persons, FOLDS)
    losses = {"none": log_loss(y, sigmoid(raw), weight)}
    for name in (LINE, *WAYS):
        risk = np.empty(len(raw))
        for number in np.unique(fold):
            inside, outside = fold != number, fold == number
            learned = raw[inside], y[inside], weight[inside]
            way = fit_curve(name, *learned) or fit_platt(*learned)
            risk[outside] = sigmoid(way.log_odds(raw[outside]))
        losses[name] = log_loss(y, risk, weight)
    return losses
