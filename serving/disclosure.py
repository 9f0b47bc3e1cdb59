"""What of a forecast may be told: nothing from which a count under ten could be had, not even by subtraction.

The rule. Expected counts are told in bands at least as wide as ten incidents a year would make (for four weeks: one),
rounded down, and the interval is that of the band. Reasons are told by family (the level of the place, its recent
weeks, its neighbours, ...), never by lookback, and their contributions are rounded to a step that ten incidents a year
would make there, 0.1 at least; the trend of the city, told of every area, to a step that they would make in the city.
What rounds to nothing is told as that, beside the step, which follows from the band.
A count itself is rounded down to tens. Areas with fewer than ten incidents in their year, or expected in the lowest
band, are given the same reasons: what the whole city shares, and that no more may be told; only the band, and whether
they are among the highest 5, 10, 20 or 50 % of areas, sets them apart. The year ends with the last fourth Sunday, as
known then: who asks every day sees in steps of four weeks alone who has reached ten.

Where a model weighs incidents by how much was tested, counts are those seen, not those weighed, and bands are as many
times wider as one incident counts: else a band of weighed counts would tell less than ten of those seen apart.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Literal

import numpy as np
import pandas as pd

from features.arrays import Floats
from features.hotspot import Feature
from models.counts import SMALLEST_SHOWN
from models.hotspot import (
    HEAVY,
    PRIOR,
    PRIOR_PART,
    TOLD_YEAR,
    YEAR_WEEKS,
    HotspotModel,
    contributions,
    interval,
    predict,
)
from models.prior_parts import FAMILIES as FAMILIES_OF_PRIOR
from serving.noise import Noise

WIDTHS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)  # of a band, in incidents; ten are those of a year
STEPS = (0.1, 0.25, 0.5, 1.0)  # of a contribution, in log rate
SHARES = (0.05, 0.1, 0.2, 0.5, 1.0)
SHARED = ("city", "season")  # families told of every area; where a number could give a count away, as the city's mean
FAMILIES = ("base", "level", "recent", "neighbours", "city", "season", "effort")
UNTOLD = ("recent", "neighbours", "effort")  # besides the level, of areas of which little may be told
FAMILY_OF = {
    "rate": "level",
    "weeks_since_last": "recent",
    "ring": "neighbours",
    "near": "neighbours",
    "vicinity": "neighbours",
    "city": "city",
    "city_pace": "city",
    "season_sin": "season",
    "season_cos": "season",
    "festival_days": "season",
    "tests": "effort",
}


@dataclass(frozen=True)
class Band:
    """What is expected, as far as it may be told: at least this and less than that, and the interval of the two."""

    at_least: float
    below: float
    low: float
    high: float
    among_highest: float  # the share of all areas, one of SHARES, that are the highest and hold this one


@dataclass(frozen=True)
class AreaReason:
    """What a family adds to the log rate, rounded, zero where that is nothing; None where it may not be told."""

    code: str
    contribution: float | None
    value: float | None = None  # incidents in the year, rounded down to tens; only of the family `level`
    step: float | None = None  # what the contribution is rounded to

    @property
    def suppressed(self) -> bool:
        """Whether there is a number that may not be told."""
        return self.contribution is None

    @property
    def direction(self) -> Literal["raises", "lowers", "none"] | None:
        """What it does to the expected count as far as told; None where it is not."""
        if self.contribution is None:
            return None
        return "raises" if self.contribution > 0 else "lowers" if self.contribution < 0 else "none"


@dataclass(frozen=True)
class Told:
    """All that may be told of an area."""

    area_id: str
    band: Band
    reasons: tuple[AreaReason, ...]


def told(model: HotspotModel, table: pd.DataFrame, noise: Noise | None = None) -> list[Told]:
    """What may be told of each area of a feature table of one as-of date, in its order; with noise no reasons."""
    year = table[TOLD_YEAR].to_numpy(np.float64)
    bands = _bands(model, rates(model, table, noise), _widths(model, table))
    if noise is not None:
        return [Told(area_id, band, ()) for area_id, band in zip(table["area_id"].astype("str"), bands, strict=True)]
    parts = families(model, table)
    little = _little(parts, _step_of_city(bands))
    rows = zip(table["area_id"].astype("str"), bands, parts.to_dict("records"), year.tolist(), strict=True)
    return [
        Told(area_id, band, little if count < SMALLEST_SHOWN or not band.at_least else _reasons(row, count, band))
        for area_id, band, row, count in rows
    ]


def rates(model: HotspotModel, table: pd.DataFrame, noise: Noise | None = None) -> Floats:
    """Expected incidents of each area, with the noise on them: Laplace of a band / epsilon, never below zero.

    An incident is taken to move all expected counts together by a band at most. For a model that is given this was
    measured (tests/test_noise.py), not proven; that a model was trained on an incident is not guarded.
    """
    expected = predict(model, table)
    if noise is None:
        return expected
    of_day = noise.about("forecast", model.scope.level, model.scope.horizon_weeks, int(table["as_of"].iloc[0]))
    rows = zip(_widths(model, table).tolist(), table["area_id"].astype("str"), expected.round(6).tolist(), strict=True)
    return np.maximum(expected + np.array([of_day.scaled(*row) for row in rows]), 0.0)


def families(model: HotspotModel, table: pd.DataFrame) -> pd.DataFrame:
    """What each family adds to the log rate, unrounded; rows sum to the log rate, `base` is common to all."""
    of_prior = {f"{PRIOR_PART}{family}": family for family in FAMILIES_OF_PRIOR}
    parts = contributions(model, table).drop(columns=PRIOR).join(table[[*of_prior]])
    named = {feature.name: _family(feature) for feature in model.features} | {"base": "base"} | of_prior
    summed = parts.T.groupby([named[name] for name in parts.columns]).sum().T.reindex(columns=FAMILIES, fill_value=0.0)
    mean = summed["level"].mean()  # so that a level raises or lowers against the usual area, not against an even share
    return summed.assign(base=summed["base"] + mean, level=summed["level"] - mean)


def width_of_band(weeks: int, times_as_heavy: float = 1.0) -> float:
    """Width of the bands of expected counts, in incidents: at least what ten incidents a year make in the horizon.

    >>> width_of_band(1), width_of_band(4), width_of_band(52)
    (0.2, 1.0, 10.0)
    """
    needed = SMALLEST_SHOWN * times_as_heavy * weeks / YEAR_WEEKS
    return next(width for width in WIDTHS if width >= needed)


def _family(feature: Feature) -> str:
    if feature.code in FAMILY_OF:
        return FAMILY_OF[feature.code]
    return "recent" if feature.weeks is not None and feature.weeks < YEAR_WEEKS else "level"


def _widths(model: HotspotModel, table: pd.DataFrame) -> Floats:
    heavy = table[HEAVY].tolist() if model.scope.at_equal_effort else [1.0] * len(table)
    return np.array([width_of_band(model.scope.horizon_weeks, each) for each in heavy])


def _bands(model: HotspotModel, expected: Floats, width: Floats) -> list[Band]:
    steps = np.floor(expected / width)
    at_least, below = steps * width, (steps + 1) * width
    low, high = interval(model, at_least)[0], interval(model, below)[1]
    columns = [each.round(6).tolist() for each in (at_least, below, low, high)]
    return [Band(*numbers) for numbers in zip(*columns, among_highest(expected), strict=True)]


def among_highest(expected: Floats) -> list[float]:
    """Of each area the share of all areas, one of SHARES, that are the highest and hold it; an only one is all.

    A share holds whole areas, so it is rounded down; the least of them holds the highest area, however few there are.
    """
    if len(expected) == 1:
        return [SHARES[-1]]
    rank = np.empty(len(expected), np.int64)
    rank[np.argsort(-expected, kind="stable")] = np.arange(1, len(expected) + 1)
    last = [max(1, floor(share * len(rank) + 1e-9)) for share in SHARES]
    return [SHARES[place] for place in np.searchsorted(last, rank).tolist()]


def share_told(among: float, *, of: int) -> float | None:
    """The share of all areas that are the highest and hold one, a whole area at least; None where nothing is told.

    >>> share_told(0.05, of=112), share_told(0.05, of=4), share_told(1.0, of=4)
    (0.05, 0.25, None)
    """
    return None if among == SHARES[-1] else max(among, round(1 / of, 4))


def _little(parts: pd.DataFrame, of_city: float) -> tuple[AreaReason, ...]:
    """The reasons told of every area of which little may be told; the same for all of them."""
    mean = parts[[*SHARED]].mean()
    shared = _reason("city", mean["city"], of_city), _reason("season", mean["season"], STEPS[0])
    return AreaReason("level", None), *shared, *(AreaReason(code, None) for code in UNTOLD)


def _reasons(parts: Mapping[Hashable, float], year: float, band: Band) -> tuple[AreaReason, ...]:
    """The reasons of an area, strongest first; those that round to nothing too, but for what all have in common."""
    level, step = year // SMALLEST_SHOWN * SMALLEST_SHOWN, _step(band)
    base = _reason("base", parts["base"], STEPS[0])  # common to all areas, so it says nothing of one
    own = [_reason(code, parts[code], step, level if code == "level" else None) for code in FAMILIES[1:]]
    told = [base, *own] if base.contribution else own
    return tuple(sorted(told, key=lambda reason: -abs(reason.contribution or 0.0)))


def _reason(code: str, part: float, step: float, value: float | None = None) -> AreaReason:
    return AreaReason(code, round(round(part / step) * step, 2) + 0.0, value, step)  # + 0.0: no minus before a zero


def _step(band: Band) -> float:
    """The step that ten incidents a year would make at this level, from what is told of it."""
    return _step_at(band.at_least, band.below - band.at_least)


def _step_of_city(bands: Sequence[Band]) -> float:
    """The step that ten incidents a year would make in the whole city: of a small one the trend counts incidents."""
    return _step_at(sum(band.at_least for band in bands), max(band.below - band.at_least for band in bands))


def _step_at(rate: float, width: float) -> float:
    return next((step for step in STEPS if step * rate >= width), STEPS[-1])
