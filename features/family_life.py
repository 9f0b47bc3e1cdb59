"""Features of life: work, home, leave, illness."""

from dataclasses import replace

from features import spells
from features.asof import Selection, Visible
from features.catalogue import feature
from features.history import Floats
from features.statutes import CLOCKS

LEAVE = CLOCKS["leave_report"]


@feature(family="life", unit="yes or no", changeable=True, source="employment")
def employed(past: Visible) -> Floats:
    """Whether the person has a job, yes or no. Missing if no job was ever recorded."""
    return _jobs(past).last_is("kind", "job_start")


@feature(family="life", unit="days", changeable=True, source="employment")
def days_in_job_state(past: Visible) -> Floats:
    """Days since the last change of job: since it began or since it ended. Missing if none was recorded."""
    return _jobs(past).days_since_last()


@feature(family="life", unit="days", changeable=True, source="employment")
def days_employed(past: Visible, *, days: int) -> Floats:
    """Days of the lookback in a job. Missing if no job was ever recorded."""
    return _days_on(_jobs(past).within(days=days), begins="job_start")


@feature(family="life", unit="count", changeable=True, source="employment")
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
    """Days of leave begun in the lookback. Zero if none."""
    return past.of(kind="leave").within(days=days).total()


@feature(family="life", unit="count", source="community")
def short_leaves(past: Visible, *, days: int | None) -> Floats:
    """Leaves too short to need a written report in the lookback, count. Zero if none."""
    return past.of(kind="leave").within(days=days).count() - long_leaves(past, days=days)


@feature(family="life", unit="count", source="community", legal_basis=LEAVE.article)
def long_leaves(past: Visible, *, days: int | None) -> Floats:
    """Leaves of three days or more, which need a written report, in the lookback, count. Zero if none."""
    leaves = past.of(kind="leave").within(days=days)
    return replace(leaves, events=leaves.events.where(leaves.events.value >= LEAVE.limit)).count()


@feature(family="life", unit="days", source="special_ward")
def ward_days(past: Visible, *, days: int) -> Floats:
    """Days of the lookback on the special ward. Missing if the person was never admitted."""
    return _days_on(past.of(kind=("ward_start", "ward_end")).within(days=days), begins="ward_start")


def _jobs(past: Visible) -> Selection:
    return past.of(kind=("job_start", "job_end"))


def _days_on(changes: Selection, *, begins: str) -> Floats:
    return spells.days_on(changes.rows(), changes.columns(), changes.events.flagged("kind", begins))
