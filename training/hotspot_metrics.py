"""How good a map of expected incidents was, each metric with a bootstrap interval over the origins.

Every metric is a ratio of two sums over origins, so an origin is kept as its two addends, a bootstrap sample is a
weighting of origins, and two models are compared under the same weightings. Ties are broken by the order of areas.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from features.areas import Strings, parent_sums
from features.arrays import Floats, Ints
from models.counts import covered, negative_binomial_deviance, poisson_deviance

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2)
STANDING_SHARE, STANDING_AIM = 0.2, 0.4  # of areas, and of incidents in them
STABLE_SHARE = 0.05  # of areas whose change from origin to origin is told
TAIL_PERCENT = 2.5

Figure = dict[str, float | None]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came at each origin: counts by area, shape (origins, areas), and how many occurred outside every area."""

    observed: Floats
    outside: Floats
    districts: Strings | None = None  # the larger area each area is part of
    n_unplaced: int = 0  # incidents that tell of no place: nobody can say if a forecast hit them, and none is blamed

    @property
    def total(self) -> Floats:
        """Incidents of the whole city at each origin."""
        return np.asarray(self.observed.sum(axis=1) + self.outside, np.float64)

    def by_district(self, counts: Floats) -> Floats:
        """Counts by area summed over districts, (origins, districts); by area where no district is known."""
        return parent_sums(counts, self.districts)


@dataclass(frozen=True, eq=False)
class Told:
    """What a model forecast at each origin: expected counts, and how dispersed it took counts to be."""

    expected: Floats  # (origins, areas)
    dispersions: Floats  # (origins, 3): of areas, districts, the city


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


def one_in_each_district(expected: Floats, districts: Strings | None, share: float) -> Ints:
    """Positions of the highest areas, as many as `top_areas`, the highest of each district among them.

    Where there are more districts than areas to choose, the districts' highest alone are chosen, and are more.

    >>> one_in_each_district(np.array([5.0, 4.0, 3.0, 1.0]), np.array(["A", "A", "A", "B"]), 0.5).tolist()
    [0, 3]
    """
    if districts is None:
        return top_areas(expected, share)
    order = np.argsort(-expected, kind="stable")
    first = order[np.sort(np.unique(districts[order], return_index=True)[1])]
    others = order[~np.isin(order, first)]
    more = max(0, len(top_areas(expected, share)) - len(first))
    return np.asarray(np.concatenate([first, others[:more]]), np.int64)


def standing(expected: Floats, outcome: Outcome) -> Ratio:
    """Share of the city's incidents in a fifth of the areas, of which at least one lies in each district.

    The aim of the PROVIDENT trial (Allen et al. 2024, doi:10.1097/EDE.0000000000001695): at least 40 % of them.
    """
    chosen = [one_in_each_district(each, outcome.districts, STANDING_SHARE) for each in expected]
    caught = [came[areas].sum() for came, areas in zip(outcome.observed, chosen, strict=True)]
    return Ratio(np.array(caught, np.float64), outcome.total)


def hit_curve(expected: Floats, outcome: Outcome) -> Floats:
    """Share of the city's incidents caught by the highest 1, 2, ... all areas, over all origins, shape (areas,)."""
    caught = [
        came[np.argsort(-ranking, kind="stable")].cumsum()
        for ranking, came in zip(expected, outcome.observed, strict=True)
    ]
    return np.asarray(np.sum(caught, axis=0) / outcome.total.sum(), np.float64)


def ratios(told: Told, outcome: Outcome, *, reference: Told, dispersion: Floats) -> dict[str, Ratio]:
    """Every metric of a model, by name; `reference` is the 12-month count that skill is measured from.

    `dispersion`, one for each origin, is the same for all models: under it, and under none, deviances are told.
    """
    return {
        **dict(_where(told.expected, outcome)),
        **dict(_how_much(told.expected, outcome, reference.expected, dispersion[:, None])),
        **dict(_how_sure(told, outcome)),
        "jaccard": _steady(told.expected),
    }


def _where(expected: Floats, outcome: Outcome) -> Iterator[tuple[str, Ratio]]:
    """Metrics of which areas were ranked highest, at each share of areas.

    hit_rate: share of the city's incidents in them. pai: hit rate over share of area (Chainey et al. 2008,
    doi:10.1057/palgrave.sj.8350066). pai*: the best PAI that as many areas could have had, and pei: pai over pai*
    (Hunt 2016). districts: share of districts with at least one of them.
    """
    areas = outcome.observed.shape[1]
    for share in SHARES:
        caught = hits(expected, outcome.observed, share)
        most = hits(outcome.observed, outcome.observed, share)
        scale = areas / max(1, round(share * areas))
        yield f"hit_rate@{share}", Ratio(caught, outcome.total)
        yield f"pai@{share}", Ratio(caught, outcome.total, scale=scale)
        yield f"pai*@{share}", Ratio(most, outcome.total, scale=scale)
        yield f"pei@{share}", Ratio(caught, most)
        if outcome.districts is not None:
            reached = [len({*outcome.districts[top_areas(each, share)].tolist()}) for each in expected]
            of = np.full(len(expected), len({*outcome.districts.tolist()}), np.float64)
            yield f"districts@{share}", Ratio(np.array(reached, np.float64), of)


def _how_much(expected: Floats, outcome: Outcome, reference: Floats, dispersion: Floats) -> Iterator[tuple[str, Ratio]]:
    """Deviances an area and origin, Poisson and negative-binomial, one minus theirs over the reference's, and bias."""
    observed = outcome.observed
    n_areas = np.full(len(observed), observed.shape[1], np.float64)
    poisson = [poisson_deviance(observed, each).sum(axis=1) for each in (expected, reference)]
    binomial = [negative_binomial_deviance(observed, each, dispersion).sum(axis=1) for each in (expected, reference)]
    yield "deviance_skill", Ratio(poisson[0], poisson[1], from_one=True)
    yield "deviance_nb_skill", Ratio(binomial[0], binomial[1], from_one=True)
    yield "deviance", Ratio(poisson[0], n_areas)
    yield "deviance_nb", Ratio(binomial[0], n_areas)
    yield "predicted_over_observed", Ratio(expected.sum(axis=1), observed.sum(axis=1))


def _how_sure(told: Told, outcome: Outcome) -> Iterator[tuple[str, Ratio]]:
    """Randomised coverage of the 90 % intervals of areas, of the totals of districts, and of the city's."""
    city = [each.sum(axis=1, keepdims=True) for each in (outcome.observed, told.expected)]
    levels = {
        "pit_coverage_90": (outcome.observed, told.expected),
        "district_coverage_90": (outcome.by_district(outcome.observed), outcome.by_district(told.expected)),
        "city_coverage_90": (city[0], city[1]),
    }
    for column, (name, (observed, expected)) in enumerate(levels.items()):
        inside = covered(observed, expected, told.dispersions[:, column][:, None])
        yield name, Ratio(inside.sum(axis=1), np.full(len(inside), inside.shape[1], np.float64))


def _steady(expected: Floats) -> Ratio:
    """Jaccard index of the top 5 % of areas at each origin with those of the origin before."""
    tops = [{*top_areas(each, STABLE_SHARE).tolist()} for each in expected]
    pairs = list(zip(tops[1:], tops[:-1], strict=True))
    both, either = ([0, *(len(how(now, before)) for now, before in pairs)] for how in (set.intersection, set.union))
    return Ratio(np.array(both, np.float64), np.array(either, np.float64))


def weightings(origins: int, *, samples: int, seed: int) -> Floats:
    """Bootstrap samples of the origins as counts, shape (1 + samples, origins); the first row is the data itself."""
    drawn = np.random.default_rng(seed).multinomial(origins, np.full(origins, 1 / origins), size=samples)
    return np.vstack([np.ones(origins), drawn]).astype(np.float64)


def figures(model: Mapping[str, Ratio], weights: Floats) -> dict[str, Figure]:
    """Each metric with its 95 % interval: value, low, high; None where there is nothing to tell it from."""
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
    return {key: _plain(each) for key, each in ((name, values[0]), ("low", low), ("high", high))}


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None  # JSON has no NaN
