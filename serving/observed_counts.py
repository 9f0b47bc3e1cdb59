"""Observed counts of a settled year as they may be told: what was seen, by larger areas and longer periods."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from features.errors import SchemaError, TooLittleHistoryError
from features.hotspot import Places
from serving.desk import Desk
from serving.hotspots import names_of, places_of
from serving.observed import MONTHS, SETTLED_DAYS, observed_year
from serving.observed_messages import ObservedCount, ObservedCounts
from serving.problems import ProblemError, fault_of
from serving.settings import Settings
from serving.suppression import Observed, ObservedTable, Span
from serving.wording import Wording

CITY = "city"
SPANS: Mapping[str, tuple[Span, ...]] = {
    "year": ((0, MONTHS),),
    "quarter": tuple((month, month + 3) for month in range(0, MONTHS, 3)),
    "month": tuple((month, month + 1) for month in range(MONTHS)),
}


@dataclass(frozen=True)
class AskedYear:
    """Which counts are asked for: of a year, by areas of a level and by periods."""

    year: int
    level: str
    by: str
    wording: Wording


def observed_counts(desk: Desk, asked: AskedYear) -> ObservedCounts:
    """The counts of every area and period; ProblemError when the year has no table."""
    places, snapshot = places_of(desk)
    table = settled_year(places, asked.year, desk.settings)
    if table is None:
        raise ProblemError("no_observed_table", slots={"days": SETTLED_DAYS})
    if asked.level not in table.hierarchy.levels:
        raise fault_of("level", "one_of", ", ".join(table.hierarchy.levels))
    names = {**names_of(places.areas, asked.wording.language), CITY: asked.wording.warning("city")}
    return ObservedCounts(
        counts=[_message(each, asked.year, names) for each in table.observed(asked.level, SPANS[asked.by])],
        year=asked.year,
        level=asked.level,  # type: ignore[arg-type]
        by=asked.by,  # type: ignore[arg-type]
        note=asked.wording.observed_note(settled_days=SETTLED_DAYS, epsilon=desk.settings.noise_epsilon),
        noise_epsilon=desk.settings.noise_epsilon,
        language=asked.wording.language,  # type: ignore[arg-type]
        snapshot=snapshot,
    )


def settled_year(places: Places, year: int, settings: Settings) -> ObservedTable | None:
    """What may be told of a year; None where it is not settled, or there are no townships to count by."""
    areas = pd.DataFrame() if places.areas is None else places.areas
    try:
        return observed_year(places.incidents, areas, year=year, today=settings.today, noise=settings.noise)
    except (TooLittleHistoryError, SchemaError):
        return None


def first_of(year: int, month: int) -> date:
    """The first day of a month counted from zero; of the next year where it is the thirteenth."""
    return date(year + month // MONTHS, month % MONTHS + 1, 1)


def last_of(year: int, behind: int) -> date:
    """The last day of the month before one counted from zero."""
    return first_of(year, behind) - timedelta(days=1)


def _message(told: Observed, year: int, names: Mapping[str, str]) -> ObservedCount:
    first, behind = told.span
    return ObservedCount(
        area_id=told.area_id,
        name=names.get(told.area_id, told.area_id),
        first_day=first_of(year, first),
        last_day=last_of(year, behind),
        value=told.value,
        suppressed=told.suppressed,
    )
