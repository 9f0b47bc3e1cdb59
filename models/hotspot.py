"""Expected incidents per area in the coming weeks: a prior rate, trees on top of it, an interval, and the reasons.

Where is stable and the level moves, so the model starts from the stacked maps and level of `models/prior.py`, and
LightGBM learns, lightly, what to multiply that by: log(expected) = log(prior) + trust x trees. The trust is how far the
trees held on weeks they had not seen, from none to full. There is one model per level and horizon. Areas are forecast,
never persons, and reasons are not causes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import lightgbm as lgb
import numpy as np
import pandas as pd

from features import hotspot as catalogue
from features.areas import AreaSet, cells, inhabited, townships
from features.arrays import Floats, Ints
from features.effort import at_equal_effort, came_of_testing, times_as_heavy
from features.errors import ConfigError, TooLittleHistoryError
from features.grids import Grid, Hexagons
from features.hotspot import Feature, Places, VisiblePast
from models.boosters import ALL_THREADS, raw_score
from models.counts import interval_of
from models.prior import Evidence, Prior, evidence_of
from models.prior_parts import prior_parts
from models.reasons import contributions_of

YEAR_WEEKS = 52
SILENT_DAYS = 42  # a horizon of four weeks and two weeks of reporting lag
PRIOR = "prior"  # the column of the prior rate in a feature table
PRIOR_PART = "prior_"  # before the family: the columns of what each adds to the log of the prior
TOLD_YEAR = "told_52w"  # the column of the incidents seen in the year before the last day at which counts are told
SUNDAY, TOLD_EVERY_DAYS = 3, 28  # day 3, 1970-01-04, was a Sunday
HEAVY = "times_as_heavy"  # the column of how many times one of them counts there


@dataclass(frozen=True)
class Scope:
    """What is forecast: which incidents, of which areas, over how many weeks."""

    level: str
    horizon_weeks: int
    kinds: tuple[str, ...]
    reporters: tuple[str, ...]
    grid: Grid | None = None
    hexagons: Hexagons | None = None
    at_equal_effort: bool = False  # what came of testing counts by how much was tested

    @property
    def tiling(self) -> Grid | Hexagons | None:
        """The grid that the cells are of; None where areas are townships."""
        return self.grid or self.hexagons


@dataclass(frozen=True)
class Dispersions:
    """Negative-binomial dispersions of areas, of larger areas, and of the city: variance = mean + d x mean squared."""

    area: float
    parent: float
    city: float


@dataclass(frozen=True, eq=False)
class HotspotModel:
    """A fitted model and all that is needed to look at a city in the same way again."""

    booster: lgb.Booster
    features: tuple[Feature, ...]
    prior: Prior
    trust: float  # what the trees' logs are multiplied by, zero to one
    dispersions: Dispersions
    scope: Scope


def predict(model: HotspotModel, table: pd.DataFrame, *, threads: int = ALL_THREADS) -> Floats:
    """Expected incidents of each row in the horizon, above zero; the table has the prior as a column."""
    return np.asarray(
        np.exp(_log_prior(table) + model.trust * trees(model.booster, model.features, table, threads=threads)),
        np.float64,
    )


def contributions(model: HotspotModel, table: pd.DataFrame) -> pd.DataFrame:
    """What each feature adds to the log rate, with `base` (the trees' mean) and `prior`.

    Rows sum to the log rate; ReasonsError when they do not.
    """
    parts = model.trust * np.asarray(model.booster.predict(design(model.features, table), pred_contrib=True))
    prior = _log_prior(table)
    contributions_of(np.column_stack([prior, parts]), np.log(predict(model, table)))
    names = [feature.name for feature in model.features]
    return pd.DataFrame(parts, columns=[*names, "base"]).assign(prior=prior)


def interval(model: HotspotModel, expected: Floats, *, coverage: float = 0.9) -> tuple[Floats, Floats]:
    """Lower and upper end of the count of an area in the horizon, negative-binomial."""
    return interval_of(expected, model.dispersions.area, coverage=coverage)


def study_areas(scope: Scope, incidents: pd.DataFrame, areas: pd.DataFrame | None, *, as_of: int) -> AreaSet:
    """The areas forecast at an as-of date, from the counted incidents and, where there is one, the `areas` table."""
    if scope.tiling is not None:
        return cells(incidents, scope.tiling, as_of=as_of, areas=areas)
    return inhabited(incidents, as_of=as_of) if areas is None else townships(areas)


def areas_of(model: HotspotModel, places: Places, *, as_of: int) -> AreaSet:
    """The areas that the model forecasts at an as-of date."""
    return study_areas(model.scope, _counted(model.scope, places), places.areas, as_of=as_of)


def look(model: HotspotModel, places: Places, *, as_of: int) -> pd.DataFrame:
    """The model's features and prior of every area at one as-of date.

    TooLittleHistoryError before a year was known, and when nothing has become known for so long that the records must
    have stopped: their silence would read as an end of harm.
    """
    scope, recent = model.scope, model.prior.recent
    seen = _counted(scope, places)
    refuse_stopped_records(np.asarray(seen["known_on"], dtype=np.int64), as_of)
    areas = study_areas(scope, seen, places.areas, as_of=as_of)
    today = np.array([as_of], np.int64)
    raw = catalogue.visible_past(seen, places.effort, areas, as_of=today, horizon_weeks=scope.horizon_weeks)
    refuse_thin_air(raw)
    past = equalised(scope, raw, seen)
    table = catalogue.compute(past, model.features)
    year = catalogue.count(replace(raw, as_of=np.array([last_told_day(as_of)])), YEAR_WEEKS)[0]
    evidence = evidence_of(past, recent)
    told = table.assign(**{PRIOR: model.prior.expected(evidence)[-1], TOLD_YEAR: year}, **parts_of(model, evidence))
    return told.assign(**{HEAVY: times_as_heavy(raw, weeks=YEAR_WEEKS)[0]}) if scope.at_equal_effort else told


def parts_of(model: HotspotModel, evidence: Evidence) -> dict[str, Floats]:
    """The columns of what each family adds to the log of the prior, a row for each as-of date and area."""
    parts = prior_parts(model.prior, evidence)
    return {f"{PRIOR_PART}{family}": part.ravel() for family, part in parts.items()}


def last_sunday(day: int) -> int:
    """The Sunday that a day is, or that came last before it.

    >>> last_sunday(3), last_sunday(9), last_sunday(10)
    (3, 3, 10)
    """
    return day - (day - SUNDAY) % catalogue.WEEK


def last_told_day(as_of: int) -> int:
    """The last day at whose end counts are told: each fourth Sunday, so that no count can be followed day by day.

    >>> last_told_day(3), last_told_day(30), last_told_day(31)
    (3, 3, 31)
    """
    return as_of - (as_of - SUNDAY) % TOLD_EVERY_DAYS


def equalised(scope: Scope, past: VisiblePast, incidents: pd.DataFrame) -> VisiblePast:
    """The past of these incidents as the model reads it: at equal effort, where it was trained so."""
    return at_equal_effort(past, came_of_testing(incidents)) if scope.at_equal_effort else past


def forecast(model: HotspotModel, places: Places, *, as_of: int, horizon_weeks: int, level: str) -> pd.DataFrame:
    """area_id, level, expected, low, high (90 %) of every area in the weeks after the as-of date."""
    scope = model.scope
    if (horizon_weeks, level) != (scope.horizon_weeks, scope.level):
        raise ConfigError(
            f"forecast: asked for {horizon_weeks} weeks by {level}, but this model is of {scope.horizon_weeks} weeks "
            f"by {scope.level}; ask for what it was trained for, or train another."
        )
    return estimate(model, look(model, places, as_of=as_of))


def estimate(model: HotspotModel, table: pd.DataFrame) -> pd.DataFrame:
    """area_id, level, expected, low, high (90 %) of each row of a feature table, such as `look` gives."""
    expected = predict(model, table)
    low, high = interval(model, expected)
    area_id = table["area_id"].astype("str").to_numpy()
    return pd.DataFrame(
        {"area_id": area_id, "level": model.scope.level, "expected": expected, "low": low, "high": high}
    )


def _counted(scope: Scope, places: Places) -> pd.DataFrame:
    return catalogue.counted(places.incidents, level=scope.level, kinds=scope.kinds, reporters=scope.reporters)


def refuse_stopped_records(known_on: Ints, as_of: int) -> None:
    """TooLittleHistoryError when nothing has become known for far longer than usual before the as-of date."""
    days = np.unique(known_on[known_on <= as_of])[-YEAR_WEEKS * 7 :]
    if len(days) == 0:
        return  # told as too short a past
    usual = int(np.diff(days).max(initial=0))  # a county with few incidents is often silent for long
    if as_of - int(days[-1]) > max(SILENT_DAYS, 2 * usual):
        raise TooLittleHistoryError(
            "incidents: none has become known for far longer than usual before the as-of date; "
            "ask for an earlier date, or ingest what has happened since."
        )


def refuse_thin_air(past: VisiblePast) -> None:
    """TooLittleHistoryError before a year was known at the last as-of date: nobody has seen a level yet."""
    if not past.weeks_of_history()[-1] >= YEAR_WEEKS:  # NaN where no incident was known
        raise TooLittleHistoryError(
            f"incidents: fewer than {YEAR_WEEKS} weeks of those the model counts were known by the as-of date; "
            "ask for a later date, or ingest earlier incidents."
        )


def _log_prior(table: pd.DataFrame) -> Floats:
    return np.asarray(np.log(table[PRIOR].to_numpy(np.float64)), np.float64)


def trees(booster: lgb.Booster, features: Sequence[Feature], table: pd.DataFrame, *, threads: int) -> Floats:
    """What the trees alone add to the log rate of each row; `threads` as in `raw_score`."""
    return raw_score(booster, design(features, table), threads=threads)


def design(features: Sequence[Feature], table: pd.DataFrame) -> Floats:
    """The columns the trees read, in their order, shape (rows, features)."""
    return table[[feature.name for feature in features]].to_numpy(np.float64)
