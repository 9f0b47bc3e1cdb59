"""Weights by which observed rows stand for those that were not: inverse probabilities of having been observed.

A row is observed when nothing ended the observation before the first positive test or the end of the horizon, and when
anyone looked. The first has a rate of ends by what was known (a Poisson regression on the days each row was under
observation; staying t days then has the probability exp(-rate t)); the second a logistic regression among those who
stayed. Both are ridge regressions on the model's own features. Weight = 1 / (P(stayed) P(looked)), with mean 1 over the
observed rows and cut off at ten times that (Robins, Rotnitzky and Zhao 1995, doi:10.1080/01621459.1995.10476493; Cole
and Hernan 2008, doi:10.1093/aje/kwn164). It makes up for who is missing as far as the features tell them apart.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, PoissonRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from features.arrays import Floats
from training.labels import ended
from training.rows import Rows

STRENGTH = 0.02  # inverse regularisation of both regressions, as C of scikit-learn
UNIT_DAYS = 30.0  # ends are counted by the month: a rate by the day would vanish beside its penalty
LARGEST = 10.0  # times the mean weight
LEAST = 0.02  # a row less likely to be observed stands for no more than fifty
MOST_ROWS = 10_000  # to learn from: beyond, a regression this strongly penalised does not change
EVERYONE = 1.0


@dataclass(frozen=True)
class Observing:
    """How likely a row was to be observed; None stands for a part in which nobody is missing."""

    ends: Pipeline | None
    looks: Pipeline | None

    def probability(self, rows: Rows) -> Floats:
        """The probability of staying under observation as long as each row did, and of being looked at."""
        matrix = rows.table.to_numpy(dtype=np.float64)
        days = rows.times["seen_days"].to_numpy(dtype=np.float64)
        stayed = np.exp(-self.ends.predict(matrix) * days / UNIT_DAYS) if self.ends else EVERYONE
        looked = self.looks.predict_proba(matrix)[:, 1] if self.looks else EVERYONE
        return np.broadcast_to(np.asarray(stayed * looked), len(matrix)).astype(np.float64)

    def weights(self, rows: Rows) -> Floats:
        """The weight of each of some observed rows; their mean is 1 before large ones are cut off."""
        raw = 1 / np.maximum(self.probability(rows), LEAST)
        return np.minimum(raw / raw.mean(), LARGEST)


def observing(rows: Rows) -> Observing:
    """How likely rows are to be observed, learned from mature rows, observed or not."""
    mature = rows.where((rows.times["why"] != "immature").to_numpy(dtype=np.bool_))
    mature = mature.where(_every_so_many(len(mature.times)))
    matrix = mature.table.to_numpy(dtype=np.float64)
    months = np.maximum(mature.times["seen_days"].to_numpy(dtype=np.float64), 1.0) / UNIT_DAYS
    is_end = ended(mature.times["why"])
    looked = mature.times["relapse"].notna().to_numpy(dtype=np.float64)
    ends = looks = None
    if is_end.any():
        penalty = 1 / (STRENGTH * months.sum())  # its loss is a mean over months
        ends = _on_standardised(PoissonRegressor(alpha=penalty, max_iter=1000))
        ends.fit(matrix, is_end / months, poissonregressor__sample_weight=months)
    if not looked[~is_end].all() and looked[~is_end].any():
        looks = _on_standardised(LogisticRegression(C=STRENGTH, max_iter=2000)).fit(matrix[~is_end], looked[~is_end])
    return Observing(ends, looks)


def _every_so_many(n_rows: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Rows evenly spread over all, as many as are learned from."""
    chosen = np.zeros(n_rows, dtype=np.bool_)
    chosen[np.unique(np.linspace(0, n_rows - 1, min(n_rows, MOST_ROWS)).astype(np.int64))] = True
    return chosen


def _on_standardised(regression: LogisticRegression | PoissonRegressor) -> Pipeline:
    return make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler(), regression)
