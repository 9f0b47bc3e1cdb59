"""How sure a risk is: the spread of the log-odds over refits on resampled persons, as a model of its own.

Each refit is asked about persons it was not fitted on; a small booster learns from those answers how far refits lie
apart (gamma regression of the variance), so that an answer costs one more look at a few trees and no refit is kept.
The interval is about the risk of people with such a history, not about what one person will do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.arrays import Floats
from models.boosters import ALL_THREADS, raw_score
from models.calibration import sigmoid

ROUNDS = 60
FEWEST_REFITS = 3  # that did not see the person: a variance of two says little
LEAST_VARIANCE = 1e-4
COVERAGE = 0.95
# Refits are all drawn towards the mean alike, which their spread does not show. Measured on a trial and an invented
# city: the risk that a model of twice as many other persons gives lies in the plain interval in 79 % of rows, where its
# own error leaves 89 % to be expected; so much wider, it does.
WIDER = 1.3


@dataclass(frozen=True)
class Interval:
    """The lower and upper ends of the risks of some rows, probabilities."""

    low: Floats
    high: Floats


@dataclass(frozen=True)
class Spread:
    """The variance of the raw log-odds of a row over refits, as LightGBM learned it; its raw score is the log of it."""

    booster: lgb.Booster

    def standard_error(self, matrix: Floats) -> Floats:
        """The standard error of the raw log-odds of each row."""
        return np.exp(raw_score(self.booster, matrix, threads=ALL_THREADS) / 2)

    def interval(self, matrix: Floats, log_odds: Floats, *, slope: float) -> Interval:
        """The 95 % interval of each risk around its calibrated log-odds."""
        z = NormalDist().inv_cdf((1 + COVERAGE) / 2)
        reach = WIDER * z * abs(slope) * self.standard_error(matrix)
        return Interval(sigmoid(log_odds - reach), sigmoid(log_odds + reach))


def fit_spread(table: pd.DataFrame, answers: Sequence[Floats], *, seed: int) -> Spread | None:
    """The spread learned from the raw log-odds of refits, NaN where a refit saw the person; None from too few."""
    if len(answers) < FEWEST_REFITS:
        return None
    told = np.array(answers)
    n_outside = np.sum(~np.isnan(told), axis=0)
    enough = n_outside >= FEWEST_REFITS
    if not enough.any():
        return None
    variance = np.maximum(np.nanvar(told[:, enough], axis=0, ddof=1), LEAST_VARIANCE)
    parameters = {
        "objective": "gamma",
        "learning_rate": 0.1,
        "num_leaves": 8,
        "min_data_in_leaf": 20,
        "max_bin": 63,
        "seed": seed,
        "num_threads": 1,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    rows = lgb.Dataset(
        table[enough].to_numpy(dtype=np.float64), variance, weight=n_outside[enough], feature_name=list(table.columns)
    )
    return Spread(lgb.train(parameters, rows, num_boost_round=ROUNDS))
