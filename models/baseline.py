"""What a station could have without us: the base rate, the last result, a logistic regression."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from features.history import Floats

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
