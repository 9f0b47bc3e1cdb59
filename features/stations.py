"""The months of stations: how much work each had and what came of it, closed month by month.

A person's history cannot tell what happened to the station's other persons. So the station's months are counted when
they are over (see `closing`) and kept as rows with a day of their own from which they were known; batch, parts and the
service then read the same rows and give the same value. A month closes long enough after its end for most records to
have come; what came later was not known then and does not count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.arrays import Days, Floats, Ints
from features.vocabulary import TEST_GIVEN, TEST_NOT_GIVEN

CLOSES_AFTER_DAYS = 14

TEST = ("urine_test",)
CONTACTS = ("check_in", "home_visit", "family_contact")
# What is counted of a month: which kinds of events with which outcomes.
COUNTED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "tests_given": (TEST, TEST_GIVEN),
    "positive_tests": (TEST, ("positive",)),
    "withheld_tests": (TEST, TEST_NOT_GIVEN),
    "contacts_kept": (CONTACTS, ("kept",)),
    "contacts_missed": (CONTACTS, ("missed",)),
}

CITY = 0  # the place of the city as a whole among the stations

Months = Ints  # months since 1970-01
Places = Ints


def month_of(day: Days | int) -> Months:
    """The month of each day, counted from 1970-01.

    >>> int(month_of(59))
    2
    """
    return np.asarray(day).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def first_day(month: Months | int) -> Months:
    """The first day of each month, days since 1970-01-01."""
    return np.asarray(month).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def closes_on(month: Months | int) -> Months:
    """The day by the end of which a month's records are counted."""
    return first_day(np.asarray(month) + 1) - 1 + CLOSES_AFTER_DAYS


@dataclass(frozen=True)
class Window:
    """For each row the lookback (floor, as_of], and by which day its months are seen: the as-of date, for a feature."""

    floor: Days
    as_of: Days
    seen_by: Days


@dataclass(frozen=True)
class StationMonths:
    """Closed months: of the city as a whole at place 0, then of each station, and last of one that has none.

    `ends` and `closed` hold the last day of each month that was closed, in order, and the day from which its rows were
    known. `persons` and `workers` have the shape (places, months), NaN where a station has no row; `sums[name]` are
    totals of all months before each, of shape (places, months + 1).
    """

    places: Mapping[str, int]
    ends: Days
    closed: Days
    persons: Floats
    workers: Floats
    sums: Mapping[str, Floats]

    @classmethod
    def of(cls, table: pd.DataFrame) -> "StationMonths":
        """The months in the contract's table `station_months`."""
        # Only months that were closed: one without a row may still be to come.
        months, at_month = np.unique(month_of(table["month"].to_numpy(dtype=np.int64)), return_inverse=True)
        station_ids = sorted(set(table["station_id"]))
        places = {station_id: place for place, station_id in enumerate(station_ids, start=1)}
        at = (table["station_id"].map(places).to_numpy(dtype=np.int64), at_month)

        def grid(name: str, absent: float) -> Floats:
            values = np.full((len(places) + 2, len(months)), absent)
            values[at] = table[name].to_numpy(dtype=np.float64)
            values[CITY] = np.nansum(values[1:], axis=0)
            return values

        closed = np.zeros(len(months), dtype=np.int32)
        np.maximum.at(closed, at[1], table["closed_on"].to_numpy(dtype=np.int32))
        return cls(
            places=places,
            ends=(first_day(months + 1) - 1).astype(np.int32),
            closed=np.maximum.accumulate(closed),
            persons=grid("persons", np.nan),
            workers=grid("social_workers", np.nan),
            sums={name: np.pad(np.cumsum(grid(name, 0.0), axis=1), ((0, 0), (1, 0))) for name in COUNTED},
        )

    def places_of(self, station_ids: Sequence[str]) -> Places:
        """The place of each station; one without a month, as before its first was closed, has the last place."""
        return np.array(
            [self.places.get(station_id, len(self.places) + 1) for station_id in station_ids], dtype=np.int64
        )

    def total(self, name: str, place: Places, window: Window) -> Floats:
        """What was counted at a place in the months that end in the window and were closed by the day they are seen."""
        until = self._closed(window)
        since = np.minimum(np.searchsorted(self.ends, window.floor, side="right"), until)
        sums = self.sums[name]
        return sums[place, until] - sums[place, since]

    def caseload(self, place: Places, window: Window) -> Floats:
        """Persons for each worker at a place in the last month of the window that was closed; NaN where not known."""
        last = self._closed(window) - 1
        known = last >= 0
        answer = np.full(len(place), np.nan)
        at = (place[known], last[known])
        persons, workers = self.persons[at], self.workers[at]
        answer[known] = np.divide(persons, workers, out=np.full(len(persons), np.nan), where=workers > 0)
        return answer

    def _closed(self, window: Window) -> Places:
        """How many months ended by the as-of date and were closed by the day they are seen."""
        ended = np.searchsorted(self.ends, window.as_of, side="right")
        return np.minimum(ended, np.searchsorted(self.closed, window.seen_by, side="right"))
