"""A city made ready to learn from or to be judged on: which incidents count, the study area, and weekly as-of dates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from features.areas import OUTSIDE, unplaced
from features.arrays import Floats, Ints
from features.errors import ConfigError, SchemaError, TooLittleHistoryError
from features.grids import Grid, Hexagons
from features.hotspot import FEATURES, WEEK, Places, compute, counted, visible_past
from features.vocabulary import INCIDENT_KINDS, REPORTERS
from models import hotspot as model
from models.hotspot import Scope
from models.hotspot_fit import Lessons
from models.prior import STACKED_WEEKS, Evidence, counts_after, evidence_of
from training.hotspot_config import ENFORCEMENT_ALONE, HotspotConfig
from training.hotspot_metrics import Outcome

FEWEST_ORIGINS = 2
FEWEST_WEEKS = 26  # of history before the first as-of date that maps are made at


@dataclass(frozen=True, eq=False)
class Study:
    """The counted incidents of a city at weekly as-of dates: what the prior and the trees read at each."""

    scope: Scope
    evidence: Evidence
    table: pd.DataFrame  # the features, a row per as-of date and area, in that order
    unplaced_on: Ints  # days on which incidents occurred that tell of no place

    @property
    def as_of(self) -> Ints:
        """The as-of dates, ascending days since 1970-01-01."""
        return self.evidence.past.as_of

    def lessons(self, config: HotspotConfig, *, day: int) -> Lessons:
        """What could be learned at the end of a day: as-of dates whose outcomes were complete, and recent enough."""
        last = day - WEEK * config.maturity_weeks
        started = self.evidence.past.weeks_of_history() >= config.history_weeks
        recent = (self.as_of <= last) & (self.as_of >= last - WEEK * config.learning_weeks)
        weeks = np.flatnonzero(started & recent)
        weeks = weeks[(len(weeks) - 1) % config.step_weeks :: config.step_weeks]  # the latest is among them
        if not len(weeks):
            raise TooLittleHistoryError(
                f"incidents: too short a history to learn from; expected {config.history_weeks} weeks before the first "
                f"row, then {config.horizon_weeks} weeks of outcome and {config.reporting_lag_days} days of lag."
            )
        return Lessons(self.evidence, self.table, weeks.astype(np.int64), day)

    def outcome_at(self, origins: Ints) -> Outcome:
        """What came in the horizon of each origin, inside the areas and outside; what has no place is in neither."""
        past = self.evidence.past
        run, days = past.incidents, WEEK * past.horizon_weeks
        without = _within(self.unplaced_on, origins, days)
        outside = _within(run.occurred_on[run.area == OUTSIDE], origins, days) - without
        came = counts_after(past, np.searchsorted(self.as_of, origins), known_by=int(run.known_on.max()))
        return Outcome(came, outside, past.areas.parents, int(without.sum()))


def counted_places(places: Places, config: HotspotConfig) -> Places:
    """The incidents of the kinds and reporters that count; refused when there are none but enforcement's."""
    by_whom = places.incidents["reported_by"]
    if len(by_whom) and by_whom.eq("enforcement").all():
        raise ConfigError(f"incidents: all of them were reported by enforcement; {ENFORCEMENT_ALONE}")
    known = counted(places.incidents, level=config.level, kinds=config.kinds, reporters=config.reporters)
    if known.empty:
        raise TooLittleHistoryError(_none_counts(places.incidents, config))
    if known["reported_by"].eq("enforcement").all():
        raise ConfigError(f"incidents: all counted ones were reported by enforcement; {ENFORCEMENT_ALONE}")
    return replace(places, incidents=known)


def _none_counts(incidents: pd.DataFrame, config: HotspotConfig) -> str:
    """Why no incident counts: what was asked for beside what there is, in words of the vocabulary alone."""
    if incidents.empty:
        return "incidents: none was known by the last day; expected some that were."
    kinds = _asked_and_found(config.kinds, incidents["kind"], INCIDENT_KINDS)
    reporters = _asked_and_found(config.reporters, incidents["reported_by"], REPORTERS)
    return (
        f"incidents: none is of the kinds and reporters of the configuration. Kinds: {kinds}. Reporters: {reporters}. "
        "Change `kinds` or `reporters`, or add incidents of these (first positives and treatment entries are counted "
        "by township alone)."
    )


def _asked_and_found(asked: Sequence[str], told: pd.Series, known: Sequence[str]) -> str:
    """Names asked for, and those found; one that is no word of the vocabulary may be anything and is not shown."""
    there = [name for name in known if told.eq(name).any()]
    others = [] if told.isin(known).all() else ["others that are unknown"]
    return f"{', '.join(asked)} asked, {', '.join([*there, *others])} found"


def study_of(known: Places, config: HotspotConfig, *, day: int, study_as_of: int) -> Study:
    """The city at weekly as-of dates up to a day, over the areas inhabited by incidents as of another."""
    scope = scope_of(known, config, study_as_of=study_as_of)
    areas = model.study_areas(scope, known.incidents, known.areas, as_of=study_as_of)
    dates = _weeks_upto(known.incidents, config, day=day, study_as_of=study_as_of)
    raw = visible_past(known.incidents, known.effort, areas, as_of=dates, horizon_weeks=config.horizon_weeks)
    if not len(raw.inside.area):
        raise SchemaError(
            "incidents: none lies in any of the areas; expected their `area_id` to be those of the areas, letter by "
            "letter, or points inside the outlines."
        )
    past = model.equalised(scope, raw, known.incidents)
    nowhere = known.incidents.loc[unplaced(known.incidents, areas), "occurred_on"].to_numpy(np.int64)
    return Study(scope, evidence_of(past, config.recent), compute(past, FEATURES), nowhere)


def scope_of(known: Places, config: HotspotConfig, *, study_as_of: int) -> Scope:
    """What is forecast; a square grid is centred on what was known on a day."""
    tiling = _tiling(known.incidents, config, study_as_of) if config.level == "cell" else None
    return Scope(
        config.level,
        config.horizon_weeks,
        config.kinds,
        config.reporters,
        tiling if isinstance(tiling, Grid) else None,
        tiling if isinstance(tiling, Hexagons) else None,
        config.at_equal_effort and known.effort is not None and not known.effort.empty,
    )


def origins_of(known: pd.DataFrame, config: HotspotConfig) -> Ints:
    """Sundays one horizon apart, ascending; the outcome of the last ends when the reporting lag begins."""
    last_day = int(known["known_on"].max())
    horizon = WEEK * config.horizon_weeks
    dates = (
        model.last_sunday(last_day)
        - WEEK * config.recent.weeks
        - horizon * np.arange(config.origins, 0, -1, dtype=np.int64)
    )
    earliest = int(known["occurred_on"].min()) + WEEK * (config.history_weeks + config.maturity_weeks)
    dates = dates[dates >= earliest]
    if len(dates) < FEWEST_ORIGINS:
        raise TooLittleHistoryError(
            f"incidents: too short a history for a backtest; expected {FEWEST_ORIGINS} origins of "
            f"{config.horizon_weeks} weeks after {config.history_weeks} weeks of history."
        )
    return dates


def _tiling(known: pd.DataFrame, config: HotspotConfig, study_as_of: int) -> Grid | Hexagons:
    if config.h3_resolution:
        return Hexagons(config.h3_resolution)
    seen = known[known["known_on"].le(study_as_of)]
    longitude, latitude = seen["longitude"].to_numpy(float), seen["latitude"].to_numpy(float)
    return Grid.around(longitude, latitude, cell_size_m=config.cell_size_m)


def _within(occurred_on: Ints, origins: Ints, days: int) -> Floats:
    """How many occurred in the days after each origin."""
    told = [((occurred_on > origin) & (occurred_on <= origin + days)).sum() for origin in origins]
    return np.array(told, np.float64)


def _weeks_upto(known: pd.DataFrame, config: HotspotConfig, *, day: int, study_as_of: int) -> Ints:
    """Weekly as-of dates up to a day, as far back as anything is learned from at the first day something is."""
    back = config.learning_weeks + STACKED_WEEKS + config.maturity_weeks
    first = max(int(known["occurred_on"].min()) + WEEK * FEWEST_WEEKS - 1, study_as_of - WEEK * back)
    return np.arange(day, min(first, day) - 1, -WEEK, dtype=np.int64)[::-1]
