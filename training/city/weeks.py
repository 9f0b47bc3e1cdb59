"""The weeks a city is simulated over; inside, a day is a whole number counted from 1970-01-01."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

EPOCH = date(1970, 1, 1)
FIRST_MONDAY = 4  # 1970-01-05

# Lives are simulated for two years before records open, so that the city opens with people in mid-programme.
LEAD_WEEKS = 104


@dataclass(frozen=True)
class Weeks:
    """Monday weeks: `first` is the Monday lives begin, `opens` the first week that leaves routine records."""

    first: int
    opens: int
    count: int
    until: int

    def monday(self, week: int) -> int:
        """The Monday of a week, days since 1970-01-01."""
        return self.first + 7 * week

    def mondays(self) -> Ints:
        """The Mondays of all weeks, days since 1970-01-01."""
        return self.first + 7 * np.arange(self.count)

    def of(self, day: Ints) -> Ints:
        """The week each day falls in, held within the simulated span."""
        return np.clip((day - self.first) // 7, 0, self.count - 1)


def weeks(years: int, until: date) -> Weeks:
    """The weeks of a city whose records run for `years` up to `until`.

    >>> weeks(1, date(2025, 12, 31)).count
    157
    """
    last = (until - EPOCH).days
    opening = last - round(years * 365.25)
    opening -= (opening - FIRST_MONDAY) % 7
    first = opening - 7 * LEAD_WEEKS
    return Weeks(first=first, opens=LEAD_WEEKS, count=(last - first) // 7 + 1, until=last)


def as_dates(day: Ints) -> pd.Series:
    """Days since 1970-01-01 as dates, to the second as pandas keeps them."""
    return pd.Series(day.astype("datetime64[D]").astype("datetime64[s]"))


def logistic(logit: Floats) -> Floats:
    """The probability that belongs to a log-odds."""
    return 1.0 / (1.0 + np.exp(-logit))
