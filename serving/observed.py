"""Observed counts of a calendar year, month by month, as far as they may be told.

A table is of a year and of what was known so many days after its end, so it is the same whenever it is asked for: two
tables of overlapping times, or of one time before and after late news, could be subtracted from each other.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pandas as pd

from features.areas import OUTSIDE, AreaSet, Strings, locate, townships
from features.errors import SchemaError, TooLittleHistoryError
from features.schema import days_since_epoch
from serving.noise import Noise
from serving.suppression import Hierarchy, ObservedTable, protected

MONTHS = 12
SETTLED_DAYS = 91  # after the end of the year; what becomes known later is in no table


def observed_year(
    incidents: pd.DataFrame, areas: pd.DataFrame, *, year: int, today: date, noise: Noise | None = None
) -> ObservedTable:
    """Counts of city, district and township, a period for each month; TooLittleHistoryError before it is settled.

    Always of the same kinds of incidents: a table of some could be subtracted from one of all. Cells are too thin for
    observed counts: they are forecast only.
    """
    if today <= date(year, 12, 31) + timedelta(days=SETTLED_DAYS):
        raise TooLittleHistoryError(
            f"observed: the year is not settled yet; ask {SETTLED_DAYS} days after its end, or for an earlier one."
        )
    starts = np.array([days_since_epoch(day) for day in _firsts(year)])
    seen = incidents[incidents["known_on"].lt(starts[-1] + SETTLED_DAYS)]
    of_year = seen[seen["occurred_on"].ge(starts[0]) & seen["occurred_on"].lt(starts[-1])]
    level = townships(areas)
    place = locate(of_year, level)
    month = np.searchsorted(starts, of_year["occurred_on"].to_numpy(np.int64), side="right") - 1
    counts = np.zeros((len(level), MONTHS), np.int64)
    np.add.at(counts, (place[place != OUTSIDE], month[place != OUTSIDE]), 1)
    return protected(counts, _hierarchy(level), noise and noise.about("observed", year))


def _hierarchy(level: AreaSet) -> Hierarchy:
    whole: Strings = np.full(len(level), "city")
    if level.parents is None:
        return Hierarchy(("city", "township"), np.stack([whole, level.ids]))
    if np.isin(level.parents, level.ids).any():
        raise SchemaError("areas: a township is part of a township; expected a district as its `parent_id`.")
    return Hierarchy(("city", "district", "township"), np.stack([whole, level.parents, level.ids]))


def _firsts(year: int) -> Iterator[date]:
    """The first day of each month, and of the year after."""
    yield from (date(year, month, 1) for month in range(1, MONTHS + 1))
    yield date(year + 1, 1, 1)
