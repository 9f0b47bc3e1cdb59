"""The linear part of a model: what each feature adds to the log-odds is a straight line in its value.

Averaged with the trees on the log-odds scale it steadies them where rows are few, and since it is a sum over features
the reasons stay exact. A value outside what was learned from counts as the nearest one inside; a missing one has an
addend of its own.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import minimize

from features.arrays import Floats

Bound = tuple[float | None, float | None]

PATIENCE: Any = {"maxiter": 2000, "ftol": 1e-10, "gtol": 1e-4}


@dataclass(frozen=True)
class Line:
    """What one feature adds: `at_zero` + `slope` x value between `lowest` and `highest`; `missing` where it is NaN."""

    slope: float
    at_zero: float
    missing: float
    lowest: float
    highest: float


@dataclass(frozen=True)
class Linear:
    """Log-odds = intercept + the sum of the lines, one for each feature in the model's order."""

    intercept: float
    lines: tuple[Line, ...]

    def contributions(self, matrix: Floats) -> Floats:
        """What each feature adds to each row, shape (rows, features); their mean over the learned rows is 0."""
        slope, at_zero, missing, lowest, highest = self._columns
        return np.where(np.isnan(matrix), missing, at_zero + slope * np.clip(matrix, lowest, highest))

    @cached_property
    def _columns(self) -> Floats:
        return np.array([astuple(line) for line in self.lines]).T

    def log_odds(self, matrix: Floats) -> Floats:
        """The log-odds of each row."""
        return self.intercept + self.contributions(matrix).sum(axis=1)


def fit_linear(
    matrix: Floats, relapse: Floats, *, strength: float, directions: Sequence[int], weight: Floats | None = None
) -> Linear:
    """Ridge logistic regression on standardised values and flags of missing ones, slopes held to their directions.

    `strength` is the inverse of the penalty on the squared coefficients, as C of scikit-learn; missing values take the
    median. Minimised by L-BFGS-B (Byrd et al. 1995, doi:10.1137/0916069), which keeps the bounds scikit-learn lacks.
    """
    weight = np.ones(len(relapse)) if weight is None else weight
    gaps, median = np.isnan(matrix), _median(matrix)
    filled, gappy = np.where(gaps, median, matrix), gaps.any(axis=0)
    design = np.hstack([filled, gaps[:, gappy]])
    mean, spread = design.mean(axis=0), design.std(axis=0)
    spread[spread == 0] = 1.0
    bounds = [*(_bound(direction) for direction in directions), *[(None, None)] * int(gappy.sum())]
    intercept, *found = _minimum((design - mean) / spread, relapse, weight, strength, bounds)
    split = matrix.shape[1]
    slope, at_mean = np.array(found)[:split] / spread[:split], mean[:split]
    flag, gap_share = np.zeros((2, split))
    flag[gappy], gap_share[gappy] = np.array(found)[split:] / spread[split:], mean[split:]
    at_zero = -slope * at_mean - flag * gap_share
    ends = (slope, at_zero, at_zero + slope * median + flag, filled.min(axis=0), filled.max(axis=0))
    return Linear(float(intercept), tuple(Line(*(float(part) for part in line)) for line in zip(*ends, strict=True)))


def _minimum(design: Floats, relapse: Floats, weight: Floats, strength: float, bounds: Sequence[Bound]) -> Floats:
    """Intercept and coefficients of the smallest penalised loss."""

    def loss(line: Floats) -> Any:  # value and gradient: scipy's stubs know no pair with arrays of any length
        log_odds = line[0] + design @ line[1:]
        misfit = weight @ (np.logaddexp(0.0, log_odds) - relapse * log_odds)
        off = weight * (1 / (1 + np.exp(-log_odds)) - relapse)
        gradient = np.concatenate(([off.sum()], off @ design + line[1:] / strength))
        return misfit + line[1:] @ line[1:] / (2 * strength), gradient

    start = np.zeros(design.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(None, None), *bounds], options=PATIENCE)
    return np.asarray(found.x)


def _bound(direction: int) -> Bound:
    return (0.0 if direction > 0 else None, 0.0 if direction < 0 else None)


def _median(matrix: Floats) -> Floats:
    """The median of the values present in each column; 0 in a column that has none."""
    present = [column[~np.isnan(column)] for column in matrix.T]
    return np.array([np.median(values) if len(values) else 0.0 for values in present])
