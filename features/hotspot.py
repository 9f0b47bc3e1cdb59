"""What was known about each area at each as-of date: counts, neighbours, the city, season, effort.

An incident counts in a lookback when it occurred in (as_of - 7 x weeks, as_of] and was known by the end of the as-of
date. Seen from the incident that is a run of as-of dates: from the later of its two dates until the lookback has
passed. So every count is a +1 where the run starts, a -1 where it stops, and one cumulative sum, late news included.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from features.areas import OUTSIDE, AreaSet, locate
from features.arrays import Floats, Ints
from features.errors import ConfigError
from features.festivals import festive_within
from features.vocabulary import TOWNSHIP_ONLY

WEEK = 7
YEAR_DAYS = 365.25


@dataclass(frozen=True, eq=False)
class Places:
    """The tables a city's forecast is made from; without areas there are cells only, without effort no testing."""

    incidents: pd.DataFrame
    areas: pd.DataFrame | None = None
    effort: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class Run:
    """Dated things placed in areas: where, when they occurred, when they were known, how much each weighs."""

    area: Ints
    occurred_on: Ints
    known_on: Ints
    weight: Floats

    @property
    def visible_from(self) -> Ints:
        """First day on whose evening each had occurred and was known."""
        return np.maximum(self.occurred_on, self.known_on)

    def first_day(self, as_of: Ints) -> Floats:
        """Day on which the first occurred of those visible at each ascending as-of date; infinite where none is."""
        first = np.full(len(as_of) + 1, np.inf)
        np.minimum.at(first, np.searchsorted(as_of, self.visible_from), self.occurred_on)
        return np.asarray(np.minimum.accumulate(first)[:-1], np.float64)


@dataclass(frozen=True, eq=False)
class VisiblePast:
    """Incidents and effort placed in areas, with the as-of dates asked about: all that a feature may read."""

    areas: AreaSet
    as_of: Ints  # ascending days since 1970-01-01
    horizon_weeks: int
    incidents: Run
    effort: Run | None

    def count(self, run: Run, *, weeks: int | None, size: int) -> Floats:
        """Weight of what is visible in the lookback, shape (as-of dates, size); None: all that is visible."""
        start = np.searchsorted(self.as_of, run.visible_from)
        stop = np.full_like(start, len(self.as_of))
        if weeks is not None:
            stop = np.maximum(start, np.searchsorted(self.as_of, run.occurred_on + WEEK * weeks))
        change = np.zeros((len(self.as_of) + 1, size))
        np.add.at(change, (start, run.area), run.weight)
        np.add.at(change, (stop, run.area), -run.weight)
        return np.cumsum(change, axis=0)[:-1]

    @cached_property
    def inside(self) -> Run:
        """The incidents that lie in one of the areas."""
        kept = self.incidents.area != OUTSIDE
        run = self.incidents
        return Run(run.area[kept], run.occurred_on[kept], run.known_on[kept], run.weight[kept])

    @cached_property
    def citywide(self) -> Run:
        """All incidents, as if the city were one area."""
        return replace(self.incidents, area=np.zeros_like(self.incidents.area))

    def weeks_of_history(self) -> Floats:
        """Weeks from the first visible incident of the city to each as-of date; NaN before there is one."""
        days = self.as_of - self.incidents.first_day(self.as_of) + 1
        return np.where(np.isfinite(days), days, np.nan) / WEEK


Values = Floats
Calculation = Callable[[VisiblePast, int | None], Values]


def count(past: VisiblePast, weeks: int | None) -> Values:
    """Incidents in the lookback, count. Zero if none."""
    return past.count(past.inside, weeks=weeks, size=len(past.areas))


def ring(past: VisiblePast, weeks: int | None) -> Values:
    """Incidents in the bordering areas in the lookback, count. NaN where no area has an outline, zero if none."""
    if past.areas.neighbours is None:
        return np.full((len(past.as_of), len(past.areas)), np.nan)
    return np.asarray((past.areas.neighbours @ count(past, weeks).T).T)


def city(past: VisiblePast, weeks: int | None) -> Values:
    """Incidents in the whole city in the lookback, those outside every area included, count. Zero if none."""
    return past.count(past.citywide, weeks=weeks, size=1)


def city_pace(past: VisiblePast, weeks: int | None) -> Values:
    """City's weekly rate in the lookback over that of the last 52 weeks, ratio. NaN if the year had none."""
    with np.errstate(invalid="ignore", divide="ignore"):
        recent = city(past, weeks) / _weeks_covered(past, weeks)
        year = city(past, 52) / _weeks_covered(past, 52)
        return np.where(year > 0, recent / year, np.nan)


def rate(past: VisiblePast, weeks: int | None) -> Values:
    """Incidents a week in the lookback, or in all history where that is shorter. NaN before the first of the city."""
    return count(past, weeks) / _weeks_covered(past, weeks)


def near(past: VisiblePast, weeks: int | None) -> Values:
    """Weekly rate averaged over the area and those that border it. NaN where no area has an outline."""
    return _averaged(past.areas, rate(past, weeks))


def vicinity(past: VisiblePast, weeks: int | None) -> Values:
    """Weekly rate averaged twice over, so two areas far, the near weighing most. NaN where no area has an outline."""
    return _averaged(past.areas, near(past, weeks))


def ewma(past: VisiblePast, weeks: int | None) -> Values:
    """Incidents a week, weights halving with each lookback. NaN before the first incident of the city."""
    daily = 0.5 ** (1 / (WEEK * (weeks or 1)))
    run = past.inside
    total = np.zeros((len(past.as_of), len(past.areas)))
    for row, as_of in enumerate(past.as_of):  # each as-of date by itself, so that one asked alone gives the same bits
        seen = run.visible_from <= as_of
        weight = run.weight[seen] * daily ** (as_of - run.occurred_on[seen])
        total[row] = np.bincount(run.area[seen], weights=weight, minlength=len(past.areas))
    days_of_history = WEEK * past.weeks_of_history()[:, None]
    return np.asarray(WEEK * total * (1 - daily) / (1 - daily**days_of_history), np.float64)


def weeks_since_last(past: VisiblePast, weeks: int | None) -> Values:  # noqa: ARG001
    """Weeks since the last visible incident. NaN if there was none."""
    run = past.inside
    last = np.full((len(past.as_of) + 1, len(past.areas)), -np.inf)
    np.maximum.at(last, (np.searchsorted(past.as_of, run.visible_from), run.area), run.occurred_on)
    days = past.as_of[:, None] - np.maximum.accumulate(last, axis=0)[:-1]
    return np.where(np.isfinite(days), days, np.nan) / WEEK


def season_sin(past: VisiblePast, weeks: int | None) -> Values:  # noqa: ARG001
    """Sine of the time of year at the middle of the target window, -1 to 1. Never absent."""
    return np.sin(_season(past))


def season_cos(past: VisiblePast, weeks: int | None) -> Values:  # noqa: ARG001
    """Cosine of the time of year at the middle of the target window, -1 to 1. Never absent."""
    return np.cos(_season(past))


def festival_days(past: VisiblePast, weeks: int | None) -> Values:  # noqa: ARG001
    """Days of the target window in the Spring Festival season or the National Day week. NaN beyond 2010 to 2035."""
    return festive_within(past.as_of, WEEK * past.horizon_weeks)[:, None]


def tests(past: VisiblePast, weeks: int | None) -> Values:
    """Tests made in the area in weeks that ended in the lookback, count. NaN where no effort was ever reported."""
    if past.effort is None:
        return np.full((len(past.as_of), len(past.areas)), np.nan)
    reported = past.count(reports_of(past.effort), weeks=None, size=len(past.areas)) > 0
    return np.where(reported, past.count(past.effort, weeks=weeks, size=len(past.areas)), np.nan)


def inhabitants(past: VisiblePast, weeks: int | None) -> Values:  # noqa: ARG001
    """Inhabitants of the area as the table of areas tells them, persons. NaN where it does not, and for cells."""
    told = past.areas.inhabitants
    return np.full((1, len(past.areas)), np.nan) if told is None else told[None, :]


def _averaged(areas: AreaSet, values: Values) -> Values:
    if areas.neighbours is None:
        return np.full_like(values, np.nan)
    total = values + (areas.neighbours @ values.T).T
    return np.asarray(total / (1 + areas.neighbours.sum(axis=1)), np.float64)


def _weeks_covered(past: VisiblePast, weeks: int | None) -> Floats:
    covered = past.weeks_of_history() if weeks is None else np.minimum(past.weeks_of_history(), weeks)
    return np.asarray(covered[:, None], np.float64)


def _season(past: VisiblePast) -> Floats:
    middle = past.as_of.astype(np.float64) + WEEK * past.horizon_weeks / 2
    return np.asarray((2 * np.pi / YEAR_DAYS * middle)[:, None], np.float64)


CATALOGUE: dict[str, Calculation] = {
    "count": count,
    "ring": ring,
    "city": city,
    "city_pace": city_pace,
    "rate": rate,
    "near": near,
    "vicinity": vicinity,
    "ewma": ewma,
    "weeks_since_last": weeks_since_last,
    "season_sin": season_sin,
    "season_cos": season_cos,
    "festival_days": festival_days,
    "tests": tests,
    "inhabitants": inhabitants,
}


@dataclass(frozen=True)
class Feature:
    """A named calculation and its lookback in weeks (for `ewma` its half-life); None: all history, or none needed."""

    code: str
    weeks: int | None = None

    def __post_init__(self) -> None:
        if self.code not in CATALOGUE:
            raise ConfigError(f"features: `{self.code}` is not in the catalogue; expected one of {sorted(CATALOGUE)}.")
        if self.weeks is not None and self.weeks < 1:
            raise ConfigError(f"features: `{self.code}` has a lookback of {self.weeks} weeks; expected one or more.")

    @property
    def name(self) -> str:
        """Name of the column, for instance `count_52w`."""
        if self.weeks is not None:
            return f"{self.code}_{self.weeks}w"
        return f"{self.code}_all" if self.code in {"count", "rate", "ring", "city", "near", "vicinity"} else self.code

    def to_plain(self) -> dict[str, Any]:
        """What JSON can hold; `from_plain` gives the feature back."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Feature":
        """The feature written down; ConfigError when the catalogue does not know it."""
        return cls(plain["code"], plain["weeks"])


FEATURES: tuple[Feature, ...] = (
    *(Feature("count", weeks) for weeks in (4, 13, 26, 52)),
    Feature("count"),
    Feature("rate"),
    *(Feature("ring", weeks) for weeks in (4, 13, 26, 52)),
    *(Feature(code, weeks) for code in ("near", "vicinity") for weeks in (52, None)),
    *(Feature("city", weeks) for weeks in (4, 13, 26, 52)),
    *(Feature("city_pace", weeks) for weeks in (4, 13, 26)),
    *(Feature("ewma", weeks) for weeks in (4, 26, 104)),
    Feature("weeks_since_last"),
    Feature("season_sin"),
    Feature("season_cos"),
    Feature("festival_days"),
    *(Feature("tests", weeks) for weeks in (4, 26)),
    Feature("inhabitants"),
)


def counted(incidents: pd.DataFrame, *, level: str, kinds: Iterable[str], reporters: Iterable[str]) -> pd.DataFrame:
    """The incidents a forecast of this level counts; kinds placed by township only are left out of cells."""
    placeable = [kind for kind in kinds if level != "cell" or kind not in TOWNSHIP_ONLY]
    return incidents[incidents["kind"].isin(placeable) & incidents["reported_by"].isin(list(reporters))]


def visible_past(
    incidents: pd.DataFrame,
    effort: pd.DataFrame | None,
    areas: AreaSet,
    *,
    as_of: Ints,
    horizon_weeks: int,
) -> VisiblePast:
    """Incidents and effort placed in the areas, for ascending as-of dates."""
    run = Run(
        locate(incidents, areas),
        incidents["occurred_on"].to_numpy(np.int64),
        incidents["known_on"].to_numpy(np.int64),
        np.ones(len(incidents)),
    )
    return VisiblePast(areas, np.asarray(as_of, np.int64), horizon_weeks, run, _placed_effort(effort, areas))


def compute(past: VisiblePast, features: Sequence[Feature] = FEATURES) -> pd.DataFrame:
    """One row per (as_of, area_id), in that order: the two keys, then a column per feature."""
    shape = (len(past.as_of), len(past.areas))
    columns: dict[str, object] = {"as_of": np.repeat(past.as_of, shape[1])}
    everywhere = np.tile(np.arange(shape[1]), shape[0])
    columns["area_id"] = pd.Categorical.from_codes(everywhere, categories=pd.Index(past.areas.ids))
    for feature in features:
        columns[feature.name] = np.broadcast_to(CATALOGUE[feature.code](past, feature.weeks), shape).ravel()
    return pd.DataFrame(columns)


def reports_of(effort: Run) -> Run:
    """The weeks reported, one each, however often a report was corrected."""
    order = np.lexsort((effort.known_on, effort.occurred_on, effort.area))
    first = np.ones(len(order), np.bool_)
    first[1:] = (np.diff(effort.area[order]) != 0) | (np.diff(effort.occurred_on[order]) != 0)
    kept = order[first]
    return Run(effort.area[kept], effort.occurred_on[kept], effort.known_on[kept], np.ones(len(kept)))


def _placed_effort(effort: pd.DataFrame | None, areas: AreaSet) -> Run | None:
    """Tests by area and week; a later report of the same week comes as what it adds to the one before."""
    if effort is None or effort.empty:
        return None
    area = areas.positions(effort["area_id"])
    kept = (area != OUTSIDE) & effort["tests"].notna().to_numpy()  # a report without a number says nothing of tests
    if not kept.any():
        return None
    rows = effort[kept].assign(area=area[kept]).sort_values(["area", "week", "known_on"], kind="stable")
    before = rows.groupby(["area", "week"])["tests"].shift(fill_value=0).to_numpy(float)
    ended_on = rows["week"].to_numpy(np.int64) + WEEK - 1  # `week` is its Monday
    added = rows["tests"].to_numpy(float) - before
    return Run(rows["area"].to_numpy(np.int64), ended_on, rows["known_on"].to_numpy(np.int64), added)
