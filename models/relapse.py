"""The relapse model: a LightGBM booster on the binary label, calibrated; its fit, score and contributions."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.catalogue import Feature
from features.cohort import Cohort
from features.history import Floats
from models.calibration import Platt, sigmoid
from models.reasons import Contributions, contributions_of


@dataclass(frozen=True)
class Growth:
    """How the trees grow. Small and slow: skill on this kind of data comes from many weak trees."""

    rounds: int = 300
    learning_rate: float = 0.03
    num_leaves: int = 8
    min_data_in_leaf: int = 40
    feature_fraction: float = 0.3
    bagging_fraction: float = 0.7
    bagging_freq: int = 1
    lambda_l2: float = 20.0
    lambda_l1: float = 0.0
    max_bin: int = 63
    seed: int = 7
    num_threads: int = 1  # models of folds are fitted side by side; a team of threads for one waits more than it works


@dataclass(frozen=True)
class RelapseModel:
    """All that is needed to score as in training: the trees, their features, the calibration, who may be scored."""

    name: str
    booster: lgb.Booster
    features: tuple[Feature, ...]
    calibration: Platt
    cohort: Cohort
    horizon_days: int

    @property
    def columns(self) -> list[str]:
        """The names of the columns it was fitted on, in order."""
        return [feature.name for feature in self.features]

    def log_odds(self, table: pd.DataFrame) -> Floats:
        """Calibrated log-odds of a relapse within the horizon, one for each row."""
        raw: Floats = np.asarray(self.booster.predict(self._matrix(table), raw_score=True))
        return self.calibration.log_odds(raw)

    def risk(self, table: pd.DataFrame) -> Floats:
        """Calibrated probability of a relapse within the horizon, one for each row."""
        return sigmoid(self.log_odds(table))

    def contributions(self, table: pd.DataFrame) -> Contributions:
        """What each feature adds to the calibrated log-odds of each row; the sum is checked (see `reasons`)."""
        matrix = self._matrix(table)
        shares = np.asarray(self.booster.predict(matrix, pred_contrib=True))
        raw = np.asarray(self.booster.predict(matrix, raw_score=True))
        scaled = shares * self.calibration.slope
        scaled[:, -1] += self.calibration.intercept
        return contributions_of(scaled, self.calibration.log_odds(raw))

    def _matrix(self, table: pd.DataFrame) -> Floats:
        return table[self.columns].to_numpy(dtype=np.float64)


def fit_booster(table: pd.DataFrame, relapse: Floats, growth: Growth, *, weight: Floats | None = None) -> lgb.Booster:
    """The booster fitted on all rows; the same rows, growth and thread count give the same bytes."""
    parameters = {
        **{key: value for key, value in asdict(growth).items() if key != "rounds"},
        "objective": "binary",
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }
    rows = lgb.Dataset(
        table.to_numpy(dtype=np.float64), relapse, weight=weight, feature_name=list(table.columns), free_raw_data=True
    )
    return lgb.train(parameters, rows, num_boost_round=growth.rounds)


def varying(table: pd.DataFrame, features: Sequence[Feature]) -> tuple[Feature, ...]:
    """The features that are not the same in all rows: the others cannot say anything and cost time."""
    return tuple(feature for feature in features if _varies(table[feature.name]))


def _varies(column: pd.Series) -> bool:
    values = column.to_numpy(dtype=np.float64)
    return not (np.isnan(values).all() or (values == values[0]).all())
