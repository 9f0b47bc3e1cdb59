"""The weeks of a city and its calendar; inside, a day is a whole number counted from 1970-01-01."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from features.arrays import Flags, Floats, Ints
from training.city.figures import CalendarFigures

EPOCH = date(1970, 1, 1)
FIRST_MONDAY = 4  # 1970-01-05

YEAR_DAYS = 365.25
# Tests and contacts a year are spread over 52 weeks; surges a year over the weeks of the calendar.
WEEKS_A_YEAR, WEEKS_A_CALENDAR_YEAR = 52, 52.18

# Mean new moons: one fell on 2000-01-06 at 18:14 UTC, 02:14 of the next day in China; another every 29.530588 days
# (Meeus, Astronomical Algorithms, ch. 49). The year begins with the one between 21 January and 20 February.
NEW_MOON, LUNATION = 10963.093, 29.530588


@dataclass(frozen=True)
class Weeks:
    """Monday weeks: `first` is the Monday lives begin, `opens` the first week that leaves routine records."""

    first: int
    opens: int
    count: int
    until: int

    @property
    def opening(self) -> int:
        """The Monday records open, days since 1970-01-01."""
        return self.monday(self.opens)

    def monday(self, week: int) -> int:
        """The Monday of a week, days since 1970-01-01."""
        return self.first + 7 * week

    def mondays(self) -> Ints:
        """The Mondays of all weeks, days since 1970-01-01."""
        return self.first + 7 * np.arange(self.count)

    def of(self, day: Ints) -> Ints:
        """The week each day falls in, held within the simulated span."""
        return np.clip((day - self.first) // 7, 0, self.count - 1)


def weeks(years: int, until: date, lead_weeks: int) -> Weeks:
    """The weeks of a city whose records run for `years` up to `until`, and whose lives begin `lead_weeks` before them.

    >>> weeks(1, date(2025, 12, 31), lead_weeks=156).count - 156
    53
    """
    last = (until - EPOCH).days
    opening = last - round(years * YEAR_DAYS)
    opening -= (opening - FIRST_MONDAY) % 7
    first = opening - 7 * lead_weeks
    return Weeks(first=first, opens=lead_weeks, count=(last - first) // 7 + 1, until=last)


def spring_festival(year: int) -> int:
    """The first day of the Chinese year that begins in `year`, days since 1970-01-01, right to a day from 2000 to 2035.

    >>> as_dates(np.array([spring_festival(2025)]))[0].date().isoformat()
    '2025-01-29'
    """
    earliest = (date(year, 1, 21) - EPOCH).days
    moons = np.ceil((earliest - NEW_MOON) / LUNATION)
    return int(np.floor(NEW_MOON + moons * LUNATION))


def yearly_wave(weeks: Weeks, crest_day: float) -> Floats:
    """By week a wave between -1 and 1, highest on this day of every year."""
    return np.asarray(np.cos(2 * np.pi * (weeks.mondays() % YEAR_DAYS - crest_day) / YEAR_DAYS))


def festival_weeks(weeks: Weeks, figures: CalendarFigures) -> Flags:
    """Whether a week touches the days of the Spring Festival, some of them before its first day."""
    before, after = figures.festival_days
    mondays = weeks.mondays()
    years = np.unique(mondays.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)) + 1970
    days = np.array([spring_festival(int(year)) for year in [*years, years[-1] + 1]])
    touches = (mondays[:, None] + 6 >= days - before) & (mondays[:, None] <= days + after)
    return np.asarray(touches.any(axis=1))


def as_dates(day: Ints) -> pd.Series:
    """Days since 1970-01-01 as dates, to the second as pandas keeps them."""
    return pd.Series(day.astype("datetime64[D]").astype("datetime64[s]"))


def some_days(span: tuple[int, int], n: int, rng: np.random.Generator) -> Ints:
    """So many numbers of days, each evenly between the first and the last of the span, both included."""
    first, last = span
    return rng.integers(first, last + 1, n)


def logistic(logit: Floats) -> Floats:
    """The probability that belongs to a log-odds."""
    return 1.0 / (1.0 + np.exp(-logit))
