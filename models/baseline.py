"""What a station could have without us: the base rate, the last result, a points score, a logistic regression."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from features.arrays import Floats
from features.catalogue import Feature, make
from models.calibration import fit_platt, sigmoid

Score = Callable[[pd.DataFrame], Floats]

SMOOTHING = 1.0
STRENGTH = 0.02  # inverse regularisation: many correlated windows want a strong ridge


def base_rate(relapse: Floats) -> Score:
    """The share of relapses in training, the same for everyone."""
    rate = float(np.mean(relapse))
    return lambda table: np.full(len(table), rate)


def last_result(table: pd.DataFrame, relapse: Floats, column: str) -> Score:
    """The share of relapses among those whose last test had the same result (or none)."""
    rate = float(np.mean(relapse))
    results = table[column].to_numpy(dtype=np.float64)

    def share_with(result: float) -> float:
        same = np.isnan(results) if np.isnan(result) else results == result
        return (float(relapse[same].sum()) + SMOOTHING * rate) / (int(same.sum()) + SMOOTHING)

    positive, negative, absent = share_with(1.0), share_with(0.0), share_with(np.nan)

    def score(rows: pd.DataFrame) -> Floats:
        result = rows[column].to_numpy(dtype=np.float64)
        return np.where(np.isnan(result), absent, np.where(result == 1, positive, negative))

    return score


def points_features(substance: str) -> tuple[tuple[Feature, float, int], ...]:
    """The points score that stations use on paper: a feature, from which value on it counts, and its points."""
    return (
        (make("result_positive", substance=substance, back=0), 1, 3),
        (make("positive_tests", substance=substance, days=90), 1, 2),
        (make("positive_tests", substance=substance, days=90), 2, 1),
        (make("positive_tests", substance=substance, days=365), 1, 1),
        (make("missed_tests", substance=substance, days=90), 1, 1),
        (make("withheld_tests", substance=substance, days=90), 1, 2),
        (make("missed", kind="check_in", days=90), 2, 1),
        (make("isolations"), 2, 1),
    )


def points(table: pd.DataFrame, relapse: Floats, substance: str) -> Score:
    """The share of relapses by points, as a logistic curve: risk goes up with the sum."""

    def total(rows: pd.DataFrame) -> Floats:
        counted = [
            each * (rows[feature.name].to_numpy(dtype=np.float64) >= least)
            for feature, least, each in points_features(substance)
        ]
        return np.sum(counted, axis=0)

    curve = fit_platt(total(table), relapse)
    return lambda rows: sigmoid(curve.log_odds(total(rows)))


def logistic(table: pd.DataFrame, relapse: Floats) -> Score:
    """A ridge logistic regression on the same features, with flags for what is missing."""
    fitted = logistic_pipeline().fit(table.to_numpy(dtype=np.float64), relapse)
    return lambda rows: np.asarray(fitted.predict_proba(rows.to_numpy(dtype=np.float64))[:, 1])


def logistic_pipeline() -> Pipeline:
    """Median imputation with missing flags, standardised, ridge logistic regression."""
    return make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(C=STRENGTH, max_iter=2000),
    )
