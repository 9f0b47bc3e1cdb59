"""How good a map of expected incidents was, each metric with a bootstrap interval over the origins.

Every metric is a ratio of two sums over origins, so an origin is kept as its two addends, a bootstrap sample is a
weighting of origins, and two models are compared under the same weightings. Ties are broken by the order of areas.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from features.areas import Floats, Ints
from models.hotspot import poisson_deviance

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2)
TAIL_PERCENT = 2.5

Figure = dict[str, float]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came at each origin: counts by area, shape (origins, areas), and how many occurred outside every area."""

    observed: Floats
    outside: Floats

    @property
    def total(self) -> Floats:
        """Incidents of the whole city at each origin."""
        return np.asarray(self.observed.sum(axis=1) + self.outside, np.float64)


@dataclass(frozen=True, eq=False)
class Ratio:
    """A metric as two addends per origin: pooled, it is `scale` x sum(top) / sum(bottom), or one minus that."""

    top: Floats
    bottom: Floats
    scale: float = 1.0
    from_one: bool = False

    def pooled(self, weights: Floats) -> Floats:
        """The metric under each weighting of the origins, shape (weightings,); NaN where nothing came."""
        bottom = weights @ self.bottom
        ratio = self.scale * np.divide(weights @ self.top, bottom, out=np.full(len(weights), np.nan), where=bottom > 0)
        return np.asarray(1 - ratio if self.from_one else ratio, np.float64)


def top_areas(expected: Floats, share: float) -> Ints:
    """Positions of the areas with the highest values, max(1, round(share x areas)) of them; ties in area order.

    >>> top_areas(np.array([1.0, 3.0, 3.0, 0.0]), 0.5).tolist()
    [1, 2]
    """
    kept = max(1, round(share * len(expected)))
    return np.argsort(-expected, kind="stable")[:kept]


def hits(ranked_by: Floats, observed: Floats, share: float) -> Floats:
    """Incidents that came in the top share of areas, per origin; both shapes (origins, areas)."""
    caught = [came[top_areas(ranking, share)].sum() for ranking, came in zip(ranked_by, observed, strict=True)]
    return np.array(caught, np.float64)


def hit_curve(expected: Floats, outcome: Outcome) -> Floats:
    """Share of the city's incidents caught by the highest 1, 2, ... all areas, over all origins, shape (areas,)."""
    caught = [
        came[np.argsort(-ranking, kind="stable")].cumsum()
        for ranking, came in zip(expected, outcome.observed, strict=True)
    ]
    return np.asarray(np.sum(caught, axis=0) / outcome.total.sum(), np.float64)


def ratios(expected: Floats, outcome: Outcome, *, reference: Floats) -> dict[str, Ratio]:
    """Every metric of a model, by name; `reference` is the 12-month count that deviance skill is measured from.

    hit_rate: share of the city's incidents in the top share of areas. pai: hit rate over the share of area (Chainey et
    al. 2008, doi:10.1057/palgrave.sj.8350066). pei: hits over the most that as many areas could have had (Hunt 2016).
    deviance_skill: one minus Poisson deviance over the reference's.
    """
    told: dict[str, Ratio] = {}
    areas = outcome.observed.shape[1]
    for share in SHARES:
        caught = hits(expected, outcome.observed, share)
        kept = max(1, round(share * areas))
        told[f"hit_rate@{share}"] = Ratio(caught, outcome.total)
        told[f"pai@{share}"] = Ratio(caught, outcome.total, scale=areas / kept)
        told[f"pei@{share}"] = Ratio(caught, hits(outcome.observed, outcome.observed, share))
    deviance = poisson_deviance(outcome.observed, expected).sum(axis=1)
    least = poisson_deviance(outcome.observed, reference).sum(axis=1)
    told["deviance_skill"] = Ratio(deviance, least, from_one=True)
    told["predicted_over_observed"] = Ratio(expected.sum(axis=1), outcome.observed.sum(axis=1))
    return told


def weightings(origins: int, *, samples: int, seed: int) -> Floats:
    """Bootstrap samples of the origins as counts, shape (1 + samples, origins); the first row is the data itself."""
    drawn = np.random.default_rng(seed).multinomial(origins, np.full(origins, 1 / origins), size=samples)
    return np.vstack([np.ones(origins), drawn]).astype(np.float64)


def figures(model: Mapping[str, Ratio], weights: Floats) -> dict[str, Figure]:
    """Each metric with its 95 % interval: value, low, high."""
    return {name: _with_interval(ratio.pooled(weights), "value") for name, ratio in model.items()}


def differences(model: Mapping[str, Ratio], other: Mapping[str, Ratio], weights: Floats) -> dict[str, Figure]:
    """Each metric of a model less another's, under the same bootstrap samples: difference, low, high."""
    return {
        name: _with_interval(ratio.pooled(weights) - other[name].pooled(weights), "difference")
        for name, ratio in model.items()
    }


def _with_interval(values: Floats, name: str) -> Figure:
    drawn = values[1:][np.isfinite(values[1:])]
    low, high = np.percentile(drawn, [TAIL_PERCENT, 100 - TAIL_PERCENT]) if len(drawn) else (np.nan, np.nan)
    return {name: float(values[0]), "low": float(low), "high": float(high)}
