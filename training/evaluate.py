"""How good risks are: measures of discrimination and calibration, each with an interval by resampling persons.

All measures take the outcome (0 or 1), the risk and a weight for each row; resampling persons with replacement is
weighting their rows by how often they were drawn, which costs no copies.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from features.arrays import Flags, Floats, Objects
from models.calibration import logistic_line, logit

Measure = Callable[[Floats, Floats, Floats], float]

ECE_BINS = 10
ALL_BUT_EQUAL = 0.5  # in log-odds, such as base rates of different folds: a line through them means nothing


@dataclass(frozen=True)
class Estimate:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float


def auroc(y: Floats, risk: Floats, weight: Floats) -> float:
    """Area under the ROC curve; ties count half (Mann-Whitney)."""
    order = np.argsort(risk, kind="stable")
    risk, y, weight = risk[order], y[order], weight[order]
    starts = np.flatnonzero(np.concatenate(([True], risk[1:] != risk[:-1])))
    positive, negative = np.add.reduceat(weight * y, starts), np.add.reduceat(weight * (1 - y), starts)
    below = np.cumsum(negative) - negative
    pairs = positive.sum() * negative.sum()
    return float((positive * (below + negative / 2)).sum() / pairs) if pairs > 0 else float("nan")


def auprc(y: Floats, risk: Floats, weight: Floats) -> float:
    """Average precision: the precision at each threshold, weighted by the recall it adds."""
    order = np.argsort(-risk, kind="stable")
    risk, y, weight = risk[order], y[order], weight[order]
    ends = np.flatnonzero(np.concatenate((risk[1:] != risk[:-1], [True])))
    hits, drawn = np.cumsum(weight * y)[ends], np.cumsum(weight)[ends]
    if hits[-1] <= 0:
        return float("nan")
    precision = np.divide(hits, drawn, out=np.zeros(len(hits)), where=drawn > 0)
    return float((precision * np.diff(hits, prepend=0.0)).sum() / hits[-1])


def brier(y: Floats, risk: Floats, weight: Floats) -> float:
    """Mean squared difference between outcome and risk (Brier 1950)."""
    return float(np.average((y - risk) ** 2, weights=weight))


def log_loss(y: Floats, risk: Floats, weight: Floats) -> float:
    """Mean negative log-likelihood, in nats."""
    log_odds = logit(risk)
    return float(np.average(np.logaddexp(0.0, log_odds) - y * log_odds, weights=weight))


def slope(y: Floats, risk: Floats, weight: Floats) -> float:
    """Calibration slope: 1 is right, below 1 the risks are too extreme (Cox 1958); NaN where all are about equal."""
    log_odds = logit(risk)
    if np.ptp(log_odds) < ALL_BUT_EQUAL:
        return float("nan")
    return logistic_line(log_odds, y, weight)[0]


def intercept(y: Floats, risk: Floats, weight: Floats) -> float:
    """Calibration in the large: the log-odds by which risks are too low on the whole, slope held at 1."""
    log_odds, shift = logit(risk), 0.0
    for _ in range(50):
        p = 1 / (1 + np.exp(-(log_odds + shift)))
        step = float(weight @ (y - p)) / max(float(weight @ (p * (1 - p))), 1e-12)
        shift += float(np.clip(step, -2.0, 2.0))
        if abs(step) < 1e-10:
            break
    return shift


def ece(y: Floats, risk: Floats, weight: Floats) -> float:
    """Expected calibration error over ten bins of equal weight; equal risks stay in one bin (Naeini et al. 2015)."""
    order = np.argsort(risk, kind="stable")
    risk, y, weight = risk[order], y[order], weight[order]
    starts = np.flatnonzero(np.concatenate(([True], risk[1:] != risk[:-1])))
    w, wy, wr = (np.add.reduceat(values, starts) for values in (weight, weight * y, weight * risk))
    everything = max(float(w.sum()), 1e-12)
    middle = (np.cumsum(w) - w / 2) / everything
    which = np.minimum((middle * ECE_BINS).astype(np.int64), ECE_BINS - 1)
    gaps = np.abs(np.bincount(which, wy, ECE_BINS) - np.bincount(which, wr, ECE_BINS))
    return float(gaps.sum() / everything)


MEASURES: dict[str, Measure] = {
    "auroc": auroc,
    "auprc": auprc,
    "brier": brier,
    "log_loss": log_loss,
    "slope": slope,
    "intercept": intercept,
    "ece": ece,
}


@dataclass(frozen=True, eq=False)
class Sampling:
    """How often each row is drawn in each resample of persons, shape (resamples, rows)."""

    drawn: Floats

    def of(self, rows: Flags) -> "Sampling":
        """The same resamples of persons, for some of the rows."""
        return Sampling(self.drawn[:, rows])


def draws(persons: Objects, *, resamples: int, seed: int) -> Sampling:
    """So many resamples of persons with replacement, all rows of a person together."""
    ids, place = np.unique(persons, return_inverse=True)
    random = np.random.default_rng(seed)
    drawn = random.multinomial(len(ids), np.full(len(ids), 1 / len(ids)), size=resamples)
    return Sampling(drawn[:, place].astype(np.float64))


def judged(
    y: Floats, risks: Mapping[str, Floats], sampling: Sampling, *, weight: Floats | None = None
) -> dict[str, dict[str, Estimate]]:
    """Every measure of every model on the same rows, with intervals from the same resamples."""
    own = np.ones(len(y)) if weight is None else weight

    def figures(risk: Floats) -> dict[str, Estimate]:
        order = np.argsort(risk, kind="stable")  # once for all resamples: what is in order sorts in no time
        rows = y[order], risk[order], Sampling(sampling.drawn[:, order])
        return {key: estimate(measure, *rows, weight=own[order]) for key, measure in MEASURES.items()}

    return {name: figures(risk) for name, risk in risks.items()}


def paired(y: Floats, risks: Mapping[str, Floats], sampling: Sampling) -> dict[str, dict[str, Estimate]]:
    """First model minus each other, by measure, with intervals from the same resamples of persons."""
    first, *others = risks

    def difference(key: str, other: str) -> Estimate:
        measure = MEASURES[key]

        def gap(outcome: Floats, _: Floats, weight: Floats) -> float:
            return measure(outcome, risks[first], weight) - measure(outcome, risks[other], weight)

        return estimate(gap, y, risks[first], sampling)

    return {other: {key: difference(key, other) for key in ("auroc", "auprc", "brier", "log_loss")} for other in others}


def estimate(
    measure: Measure, y: Floats, risk: Floats, sampling: Sampling, *, weight: Floats | None = None
) -> Estimate:
    """A measure of risks with its 95 % interval."""
    own = np.ones(len(y)) if weight is None else weight
    return _interval(measure(y, risk, own), np.array([measure(y, risk, own * drawn) for drawn in sampling.drawn]))


def ratio(part: Floats, whole: Floats, sampling: Sampling) -> Estimate:
    """The sum of one column over that of another (a share, a mean), with its 95 % interval."""
    drawn = sampling.drawn
    with np.errstate(divide="ignore", invalid="ignore"):
        again = (drawn @ part) / (drawn @ whole)
    value = float(part.sum() / whole.sum()) if whole.sum() > 0 else float("nan")
    return _interval(value, again)


def _interval(value: float, again: Floats) -> Estimate:
    again = again[np.isfinite(again)]
    if len(again) == 0 or np.isnan(value):
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.quantile(again, [0.025, 0.975])
    return Estimate(value, float(low), float(high))
