"""The days on which a Chinese city lives otherwise: the Spring Festival season and the National Day week."""

from datetime import date

import numpy as np

from features.arrays import Floats, Ints

EPOCH = date(1970, 1, 1)
# Spring Festival, the first day of the lunar year, by the State Council's yearly notices and, ahead, the calendar.
SPRING_FESTIVALS = (
    "2010-02-14", "2011-02-03", "2012-01-23", "2013-02-10", "2014-01-31", "2015-02-19", "2016-02-08", "2017-01-28",
    "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29",
    "2026-02-17", "2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03", "2031-01-23", "2032-02-11", "2033-01-31",
    "2034-02-19", "2035-02-08",
)  # fmt: skip
BEFORE, AFTER = 7, 15  # days: people travel home a week before, and the season ends with the Lantern Festival


def festive_days() -> Ints:
    """Days since 1970-01-01 of the festivals of all years of the table, ascending."""
    springs = [(date.fromisoformat(text) - EPOCH).days for text in SPRING_FESTIVALS]
    weeks = [(date(year, 10, 1) - EPOCH).days for year in _years()]
    days = [range(day - BEFORE, day + AFTER) for day in springs] + [range(day, day + 7) for day in weeks]
    return np.unique(np.concatenate([np.array(each, np.int64) for each in days]))


def festive_within(start: Ints, days: int) -> Floats:
    """Festive days in (start, start + days], count; NaN where the table of years does not reach."""
    festive = festive_days()
    count = np.searchsorted(festive, start + days, side="right") - np.searchsorted(festive, start, side="right")
    first, last = (date(_years()[0], 1, 1) - EPOCH).days, (date(_years()[-1], 12, 31) - EPOCH).days
    known = (start >= first) & (start + days <= last)
    return np.where(known, count, np.nan)


def _years() -> range:
    return range(int(SPRING_FESTIVALS[0][:4]), int(SPRING_FESTIVALS[-1][:4]) + 1)
