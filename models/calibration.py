"""Platt scaling: the risk is a logistic function of a straight line in the raw log-odds.

It multiplies the contributions and shifts the base, so that the sum of the reasons stays exact.
"""

from dataclasses import dataclass

import numpy as np

from features.arrays import Floats

STEPS = 50
LEAST_SLOPE = 0.1  # from a few positives the line may point down; turned over, reasons would say the opposite
FLOOR = 1e-12


@dataclass(frozen=True)
class Platt:
    """Calibrated log-odds = intercept + slope x raw log-odds (Platt 1999)."""

    slope: float = 1.0
    intercept: float = 0.0

    def log_odds(self, raw: Floats) -> Floats:
        """The calibrated log-odds of raw ones."""
        return self.intercept + self.slope * raw


def fit_platt(raw: Floats, relapse: Floats, weight: Floats | None = None) -> Platt:
    """The maximum-likelihood line, on rows the booster was not fitted on.

    Targets are smoothed as Platt (1999) proposed, so that a perfect separation stays finite. No line points down.
    """
    weight = np.ones(len(raw)) if weight is None else weight
    positives, negatives = float(weight @ relapse), float(weight @ (1 - relapse))
    target = np.where(relapse > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    slope, intercept = logistic_line(raw, target, weight)
    if not slope >= LEAST_SLOPE:  # also when it is not a number: all raw log-odds are the same
        slope, intercept = LEAST_SLOPE, _level(LEAST_SLOPE * raw, target, weight)
    return Platt(slope=slope, intercept=intercept)


def logistic_line(x: Floats, y: Floats, weight: Floats) -> tuple[float, float]:
    """Slope and intercept of the logistic regression of y on one x, by Newton's method; NaN when x is constant."""
    if len(x) == 0 or np.ptp(x[weight > 0]) == 0:
        return float("nan"), float("nan")
    design = np.column_stack([x, np.ones(len(x))])
    line = np.zeros(2)
    for _ in range(STEPS):
        p = sigmoid(design @ line)
        curvature = design.T @ (design * (weight * np.maximum(p * (1 - p), FLOOR))[:, None])
        step = np.linalg.solve(curvature, design.T @ (weight * (y - p)))
        line += np.clip(step, -5.0, 5.0)
        if np.abs(step).max() < 1e-10:
            break
    return float(line[0]), float(line[1])


def _level(log_odds: Floats, y: Floats, weight: Floats) -> float:
    """The intercept of the logistic regression of y whose slope is given, by Newton's method."""
    level = 0.0
    for _ in range(STEPS):
        p = sigmoid(log_odds + level)
        step = float(weight @ (y - p)) / max(float(weight @ (p * (1 - p))), FLOOR)
        level += float(np.clip(step, -5.0, 5.0))
    return level


def sigmoid(log_odds: Floats) -> Floats:
    """Probability of log-odds.

    >>> float(sigmoid(np.array([0.0]))[0])
    0.5
    """
    return 1.0 / (1.0 + np.exp(-log_odds))


def logit(probability: Floats) -> Floats:
    """Log-odds of a probability, kept finite at 0 and 1."""
    clipped = np.clip(probability, FLOOR, 1 - FLOOR)
    return np.log(clipped / (1 - clipped))
