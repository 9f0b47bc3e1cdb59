"""Features of contact, treatment, service and life: most of them are what help can change."""

import numpy as np

from features.asof import Selection, Visible, share
from features.catalogue import feature
from features.history import Floats


@feature(family="contact", unit="count", changeable=True)
def kept(past: Visible, *, kind: str, days: int | None) -> Floats:
    """Appointments of a kind kept in the lookback, count. Zero if none."""
    return past.of(kind=kind, outcome="kept").within(days=days).count()


@feature(family="contact", unit="count", changeable=True)
def missed(past: Visible, *, kind: str, days: int | None) -> Floats:
    """Appointments of a kind missed in the lookback, count. Zero if none."""
    return past.of(kind=kind, outcome="missed").within(days=days).count()


@feature(family="contact", unit="share", changeable=True)
def kept_share(past: Visible, *, kind: str, days: int | None) -> Floats:
    """Appointments of a kind kept among those agreed in the lookback, share. Missing if none was agreed."""
    kept_ones = kept(past, kind=kind, days=days)
    return share(kept_ones, kept_ones + missed(past, kind=kind, days=days))


@feature(family="contact", unit="days", changeable=True)
def days_since_kept(past: Visible, *, kind: str) -> Floats:
    """Days since an appointment of a kind was last kept. Missing if never."""
    return past.of(kind=kind, outcome="kept").days_since_last()


@feature(family="treatment", unit="days", changeable=True)
def dose_days(past: Visible, *, days: int | None) -> Floats:
    """Days with maintenance medicine taken in the lookback, count. Zero if none."""
    return _doses(past).within(days=days).count_days()


@feature(family="treatment", unit="count", changeable=True)
def doses_missed(past: Visible, *, days: int | None) -> Floats:
    """Doses of maintenance medicine missed in the lookback, count. Zero if none."""
    return past.of(kind="dose", outcome="missed").within(days=days).count()


@feature(family="treatment", unit="days", changeable=True)
def days_since_dose(past: Visible) -> Floats:
    """Days since maintenance medicine was last taken. Missing if never."""
    return _doses(past).days_since_last()


@feature(family="treatment", unit="mg")
def dose_mean(past: Visible, *, days: int | None) -> Floats:
    """Mean dose taken in the lookback, mg. Missing if none was taken."""
    return _doses(past).within(days=days).mean()


@feature(family="treatment", unit="mg")
def dose_last(past: Visible) -> Floats:
    """Dose last taken, mg. Missing if none was taken."""
    return _doses(past).last_value()


@feature(family="treatment", unit="mg")
def dose_trend(past: Visible, *, days: int) -> Floats:
    """Mean dose in the lookback minus that in the one before it, mg. Missing if either has none."""
    earlier = _doses(past).between(start_days=2 * days, end_days=days).mean()
    return dose_mean(past, days=days) - earlier


@feature(family="life", unit="yes or no", changeable=True)
def employed(past: Visible) -> Floats:
    """Whether the person has a job, yes or no. Missing if no job was ever recorded."""
    return _jobs(past).last_is("kind", "job_start")


@feature(family="life", unit="days", changeable=True)
def days_in_job_state(past: Visible) -> Floats:
    """Days since the last change of job: since it began or since it ended. Missing if none was recorded."""
    return _jobs(past).days_since_last()


@feature(family="life", unit="count")
def moves(past: Visible, *, days: int | None) -> Floats:
    """Moves to another township in the lookback, count. Zero if none."""
    return past.of(kind="move").within(days=days).count()


@feature(family="life", unit="days")
def leave_days(past: Visible, *, days: int | None) -> Floats:
    """Days of leave begun in the lookback. Zero if none."""
    return past.of(kind="leave").within(days=days).total()


@feature(family="any kind", unit="count")
def events(past: Visible, *, kind: str, outcome: str, substance: str, days: int | None) -> Floats:
    """Records of a kind in the lookback, count. Zero if none."""
    return _any(past, kind, outcome, substance).within(days=days).count()


@feature(family="any kind", unit="days")
def days_since(past: Visible, *, kind: str, outcome: str, substance: str) -> Floats:
    """Days since the last record of a kind. Missing if there was none."""
    return _any(past, kind, outcome, substance).days_since_last()


@feature(family="any kind", unit="as recorded")
def value_last(past: Visible, *, kind: str) -> Floats:
    """The last value recorded of a kind. Missing if there was none."""
    return past.of(kind=kind).last_value()


@feature(family="any kind", unit="as recorded")
def value_mean(past: Visible, *, kind: str, days: int | None) -> Floats:
    """The mean value recorded of a kind in the lookback. Missing if there was none."""
    return past.of(kind=kind).within(days=days).mean()


@feature(family="facts", unit="as recorded")
def fact_number(past: Visible, *, column: str) -> Floats:
    """A number recorded at registration. Missing if it was not recorded."""
    return np.array([_number(value) for value in past.fact(column)])


@feature(family="facts", unit="yes or no")
def fact_is(past: Visible, *, column: str, value: str) -> Floats:
    """Whether a fact recorded at registration has this value, yes or no. Missing if it was not recorded."""
    facts = past.fact(column)
    return np.array([np.nan if fact is None else float(str(fact) == value) for fact in facts])


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:  # not recorded, or recorded as a word: the feature says missing
        return np.nan


def _doses(past: Visible) -> Selection:
    return past.of(kind="dose", outcome="taken")


def _jobs(past: Visible) -> Selection:
    return past.of(kind=("job_start", "job_end"))


def _any(past: Visible, kind: str, outcome: str, substance: str) -> Selection:
    codes = {"kind": kind, "outcome": outcome, "substance": substance}
    return past.of(**{column: code for column, code in codes.items() if code})
