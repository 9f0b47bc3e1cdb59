"""Features of maintenance treatment: days covered, gaps, doses and where they tend."""

import numpy as np

from features import spells
from features.arrays import Floats
from features.asof import Selection, Visible
from features.catalogue import feature
from features.vocabulary import WEEKLY

DAYS_OF_A_WEEK = 7  # what a row that tells of a week covers, from its own day on


@feature(family="treatment", unit="days", changeable=True, source="methadone_clinic")
def dose_days(past: Visible, *, days: int | None) -> Floats:
    """Days with a record of maintenance medicine taken in the lookback, count. Zero if none."""
    return _doses(past).within(days=days).count_days()


@feature(family="treatment", unit="days", changeable=True, source="methadone_clinic")
def covered_days(past: Visible, *, days: int) -> Floats:
    """Days of the lookback covered by maintenance medicine, each once. Zero if none.

    A weekly record covers its day and the six after it, as far as they have passed; any other record its day.
    """
    doses = _doses(past).within(days=days)
    length_days = np.where(doses.events.flagged("note_code", WEEKLY), DAYS_OF_A_WEEK, 1)
    return spells.covered(doses.rows(), doses.columns(), length_days)


@feature(family="treatment", unit="days", changeable=True, source="methadone_clinic")
def longest_dose_gap(past: Visible, *, days: int | None) -> Floats:
    """Most days from one dose in the lookback to the next, or to now. Missing if none was taken."""
    doses = _doses(past).within(days=days)
    return spells.longest_gap(doses.rows(), doses.columns())


@feature(family="treatment", unit="count", changeable=True, source="methadone_clinic")
def doses_missed(past: Visible, *, days: int | None) -> Floats:
    """Doses of maintenance medicine missed in the lookback, count. Zero if none."""
    return past.of(kind="dose", outcome="missed").within(days=days).count()


@feature(family="treatment", unit="days", changeable=True, source="methadone_clinic")
def days_since_dose(past: Visible) -> Floats:
    """Days since maintenance medicine was last taken. Missing if never."""
    return _doses(past).days_since_last()


@feature(family="treatment", unit="mg", source="methadone_clinic")
def dose_mean(past: Visible, *, days: int | None) -> Floats:
    """Mean dose taken in the lookback, mg. Missing if none was taken."""
    return _doses(past).within(days=days).mean()


@feature(family="treatment", unit="mg", source="methadone_clinic")
def dose_last(past: Visible) -> Floats:
    """Dose last taken, mg. Missing if none was taken."""
    return _doses(past).last_value()


@feature(family="treatment", unit="mg", source="methadone_clinic")
def dose_trend(past: Visible, *, days: int) -> Floats:
    """Mean dose in the lookback minus that in the one before it, mg. Missing if either has none."""
    earlier = _doses(past).between(start_days=2 * days, end_days=days).mean()
    return dose_mean(past, days=days) - earlier


def _doses(past: Visible) -> Selection:
    return past.of(kind="dose", outcome="taken")
