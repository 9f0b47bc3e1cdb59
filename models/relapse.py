"""The relapse model: trees and a linear part averaged in log-odds, calibrated; its score, reasons and interval."""

from collections.abc import Sequence
from dataclasses import dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.arrays import Floats
from features.catalogue import Feature
from features.cohort import Cohort
from models.boosters import ALL_THREADS, Growth, fit_booster, raw_score
from models.calibration import Platt, sigmoid
from models.curves import Curve
from models.interval import Interval, Spread
from models.linear import Linear
from models.reasons import Contributions, contributions_of

__all__ = ["Growth", "RelapseModel", "fit_booster", "varying"]


@dataclass(frozen=True)
class RelapseModel:
    """All that is needed to score as in training: trees, linear part, features, calibration, who may be scored.

    Raw log-odds are (1 - linear_share) x those of the trees + linear_share x those of the linear part. `calibration` is
    a line through them; where there is a `curve`, that says the risk, and reasons tell how far it is from the line.
    """

    name: str
    booster: lgb.Booster
    features: tuple[Feature, ...]
    calibration: Platt
    cohort: Cohort
    horizon_days: int
    linear: Linear | None = None
    linear_share: float = 0.0
    spread: Spread | None = None
    curve: Curve | None = None

    @property
    def columns(self) -> list[str]:
        """The names of the columns it was fitted on, in order."""
        return [feature.name for feature in self.features]

    def log_odds(self, table: pd.DataFrame) -> Floats:
        """Calibrated log-odds of a relapse within the horizon, one for each row."""
        return (self.curve or self.calibration).log_odds(self._raw(self._matrix(table)))

    def risk(self, table: pd.DataFrame) -> Floats:
        """Calibrated probability of a relapse within the horizon, one for each row."""
        return sigmoid(self.log_odds(table))

    def contributions(self, table: pd.DataFrame) -> Contributions:
        """What each feature adds to the calibrated log-odds of each row; the sum is checked (see `reasons`)."""
        matrix = self._matrix(table)
        shares = np.asarray(self.booster.predict(matrix, pred_contrib=True))
        if self.linear is not None:
            shares *= 1 - self.linear_share
            shares[:, :-1] += self.linear_share * self.linear.contributions(matrix)
            shares[:, -1] += self.linear_share * self.linear.intercept
        shares *= self.calibration.slope
        shares[:, -1] += self.calibration.intercept
        raw = self._raw(matrix)
        line = self.calibration.log_odds(raw)
        if self.curve is None:
            return contributions_of(shares, line)
        total = self.curve.log_odds(raw)
        return contributions_of(shares, total, total - line)

    def interval(self, table: pd.DataFrame, log_odds: Floats) -> Interval | None:
        """The 95 % interval of each risk around its log-odds, over refits, as wide as the line says; None without."""
        if self.spread is None:
            return None
        return self.spread.interval(self._matrix(table), log_odds, slope=self.calibration.slope)

    def _raw(self, matrix: Floats) -> Floats:
        trees = raw_score(self.booster, matrix, threads=ALL_THREADS)
        if self.linear is None:
            return trees
        return (1 - self.linear_share) * trees + self.linear_share * self.linear.log_odds(matrix)

    def _matrix(self, table: pd.DataFrame) -> Floats:
        ours = table if list(table.columns) == self.columns else table[self.columns]  # to pick costs as much as to ask
        return ours.to_numpy(dtype=np.float64)


def varying(table: pd.DataFrame, features: Sequence[Feature]) -> tuple[Feature, ...]:
    """The features that are not the same in all rows: the others cannot say anything and cost time."""
    return tuple(feature for feature in features if _varies(table[feature.name]))


def _varies(column: pd.Series) -> bool:
    values = column.to_numpy(dtype=np.float64)
    return not (np.isnan(values).all() or (values == values[0]).all())
