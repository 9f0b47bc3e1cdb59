"""Features of life: work, home, leave, illness."""

import numpy as np

from features import spells
from features.arrays import Floats
from features.asof import Selection, Visible
from features.catalogue import feature
from features.statutes import CLOCKS

ISOLATION = ("isolation_start",)
LEAVE = CLOCKS["leave_report"]


@feature(family="life", unit="yes or no", changeable=True, source="employment")
def employed(past: Visible) -> Floats:
    """Whether the person has a job, be it one of several, yes or no. Missing if no job was ever recorded.

    Of two jobs begun the end of one leaves the other; compulsory isolation ends all.
    """
    held, _ = _held(_jobs(past, *ISOLATION))
    return _if_any(_jobs(past), (held > 0).astype(np.float64))


@feature(family="life", unit="days", source="employment")
def days_in_job_state(past: Visible) -> Floats:
    """Days since the last change of job: since it began or since it ended. Missing if none was recorded."""
    return _jobs(past).days_since_last()


@feature(family="life", unit="days", changeable=True, source="employment")
def days_employed(past: Visible, *, days: int) -> Floats:
    """Days of the lookback in a job. Missing if no job was ever recorded."""
    _, spent = _held(_jobs(past, *ISOLATION).within(days=days))
    return _if_any(_jobs(past), spent)


@feature(family="life", unit="count", source="employment")
def jobs_begun(past: Visible, *, days: int | None) -> Floats:
    """Jobs begun in the lookback, count. Zero if none."""
    return past.of(kind="job_start").within(days=days).count()


@feature(family="life", unit="count", changeable=True, source="employment")
def jobs_ended(past: Visible, *, days: int | None) -> Floats:
    """Jobs lost or left in the lookback, count. Zero if none."""
    return past.of(kind="job_end").within(days=days).count()


@feature(family="life", unit="count", source="community")
def moves(past: Visible, *, days: int | None) -> Floats:
    """Moves to another township in the lookback, count. Zero if none."""
    return past.of(kind="move").within(days=days).count()


@feature(family="life", unit="days", source="community")
def leave_days(past: Visible, *, days: int | None) -> Floats:
    """Days of leave begun in the lookback that have passed. Zero if none."""
    leaves = past.of(kind="leave").within(days=days)
    return spells.days_passed(leaves.rows(), leaves.columns(), leaves.events.value)


@feature(family="life", unit="count", source="community")
def short_leaves(past: Visible, *, days: int | None) -> Floats:
    """Leaves known to be too short to need a written report in the lookback, count. Zero if none."""
    leaves = past.of(kind="leave").within(days=days)
    return leaves.where(leaves.events.value < LEAVE.limit).count()


@feature(family="life", unit="count", source="community", legal_basis=LEAVE.article)
def long_leaves(past: Visible, *, days: int | None) -> Floats:
    """Leaves of three days or more, which need a written report, in the lookback, count. Zero if none."""
    leaves = past.of(kind="leave").within(days=days)
    return leaves.where(leaves.events.value >= LEAVE.limit).count()


@feature(family="life", unit="days", source="special_ward")
def ward_days(past: Visible, *, days: int) -> Floats:
    """Days of the lookback on the special ward. Missing if the person was never admitted."""
    return _days_on(past.of(kind=("ward_start", "ward_end")).within(days=days), begins="ward_start")


def _jobs(past: Visible, *others: str) -> Selection:
    return past.of(kind=("job_start", "job_end", *others))


def _held(jobs: Selection) -> tuple[Floats, Floats]:
    """How many jobs are held, and the days of the window in one: nobody keeps a job in compulsory isolation."""
    begun, ended = (jobs.events.flagged("kind", kind).astype(np.int64) for kind in ("job_start", "job_end"))
    return spells.held(jobs.rows(), jobs.columns(), begun - ended)


def _if_any(events: Selection, answer: Floats) -> Floats:
    """The answer where there is any of the events, else missing."""
    return np.where(events.count() > 0, answer, np.nan)


def _days_on(changes: Selection, *, begins: str) -> Floats:
    return spells.days_on(changes.rows(), changes.columns(), changes.events.flagged("kind", begins))
