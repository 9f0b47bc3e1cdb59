"""Features of the programme a person is in: type, time, hand-overs, and the way through earlier ones."""

import numpy as np

from features.arrays import Floats
from features.asof import LONG_AGO, Selection, Visible
from features.catalogue import feature
from features.programmes import COMMUNITY, running_since
from features.statutes import CLOCKS
from features.vocabulary import PROGRAMMES, STATUTORY_PROGRAMMES

TOLD_BY = ("community", "methadone_clinic", "case_unit")
BROKEN_OFF = ("ended", "isolated", "imprisoned", "lost")


def programme_since(past: Visible) -> Floats:
    """The day the current programme began; NaN outside a programme.

    Of those that run beside each other the community programme is the current one, for its term, its agreement and its
    schedule of tests go on when methadone begins; without one it is the one begun last.
    """
    return _first_known(running_since(past, COMMUNITY), running_since(past, PROGRAMMES))


def statutory_since(past: Visible) -> Floats:
    """The day the current programme of the law began, the community programme first; NaN outside, and in a trial."""
    return _first_known(running_since(past, COMMUNITY), running_since(past, STATUTORY_PROGRAMMES))


def since_start(events: Selection, began: Floats) -> Selection:
    """Those of the events from the day a programme began; none where it is NaN."""
    return in_days(events, began - 1, events.past.as_of.astype(np.float64))


def inside(began: Floats, answer: Floats) -> Floats:
    """The answer where there is a programme, missing outside."""
    return np.where(np.isnan(began), np.nan, answer)


def in_days(events: Selection, after: Floats, upto: Floats) -> Selection:
    """Those of the events in (after, upto], days that differ by row; none where a day is NaN."""
    known = ~np.isnan(after + upto)
    floor, ceiling = (np.where(known, day, 0.0).astype(np.int32) for day in (after, upto))
    return Selection(events.past, events.events, floor, ceiling)


def relapse_signs(past: Visible) -> Selection:
    """Positive tests and told use: what stops the clock of three abstinent years."""
    return past.of(kind=("urine_test", "hair_test", "self_report"), outcome=("positive", "use"))


@feature(family="programme", unit="days", source=TOLD_BY)
def days_in_programme(past: Visible) -> Floats:
    """Days since the current programme began. Missing outside a programme."""
    return past.as_of - past.once(programme_since)


@feature(
    family="programme",
    unit="days",
    source=TOLD_BY,
    legal_basis="; ".join(CLOCKS[programme].article for programme in COMMUNITY),
)
def days_remaining(past: Visible) -> Floats:
    """Days until the term of the community programme is over. Missing outside a programme that has a term."""
    ends = [running_since(past, (programme,)) + CLOCKS[programme].limit for programme in COMMUNITY]
    return np.fmax.reduce(ends) - past.as_of


@feature(family="programme", unit="yes or no", source=TOLD_BY)
def programme_is(past: Visible, *, programme: str) -> Floats:
    """Whether a programme of this type runs, be it beside another, yes or no. Missing outside any programme."""
    runs = ~np.isnan(running_since(past, (programme,)))
    return inside(past.once(programme_since), runs.astype(np.float64))


@feature(family="programme", unit="count", source=TOLD_BY)
def programmes_begun(past: Visible) -> Floats:
    """Programmes begun so far, the current one included, count. Zero if none."""
    return past.of(kind="programme_start").count()


@feature(family="programme", unit="count", source="case_unit")
def programmes_broken_off(past: Visible) -> Floats:
    """Programmes that ended before their time so far, count. Zero if none."""
    return past.of(kind="programme_end", outcome=BROKEN_OFF).count()


@feature(family="programme", unit="yes or no", changeable=True, source="community")
def agreement_signed(past: Visible) -> Floats:
    """Whether an agreement was signed since the programme began, yes or no. Missing outside a programme."""
    began = past.once(programme_since)
    signed = since_start(past.of(kind="agreement"), began).count() > 0
    return inside(began, signed.astype(np.float64))


@feature(family="programme", unit="count", source="facility", legal_basis=CLOCKS["isolation"].article)
def isolations(past: Visible) -> Floats:
    """Admissions to compulsory isolation so far, count. Zero if none."""
    return past.of(kind="isolation_start").count()


@feature(family="programme", unit="days", source="facility")
def days_since_isolation(past: Visible) -> Floats:
    """Days since the last release from compulsory isolation. Missing if there was none."""
    return past.of(kind="isolation_end").days_since_last()


@feature(family="programme", unit="days", source="facility")
def last_isolation_days(past: Visible) -> Floats:
    """Days the last finished stay in compulsory isolation took. Missing if no release, or not its admission, is told.

    A second stay that lasts changes nothing.
    """
    released, long_ago = past.of(kind="isolation_end").last_day(), np.full(len(past), float(LONG_AGO))
    admitted = in_days(past.of(kind="isolation_start"), long_ago, released).last_day()
    before = in_days(past.of(kind="isolation_end"), long_ago, released - 1).last_day()
    return np.where(before > admitted, np.nan, released - admitted)


@feature(family="programme", unit="points", source="facility")
def assessment_last(past: Visible) -> Floats:
    """Points of the last diagnostic assessment in the facility. Missing if there was none."""
    return past.of(kind="diagnostic_assessment").last_value()


@feature(family="programme", unit="count", source="community")
def transfers(past: Visible, *, days: int | None) -> Floats:
    """Hand-overs to another station begun in the lookback, count. Zero if none."""
    return past.of(kind="transfer_out").within(days=days).count()


@feature(family="programme", unit="days", changeable=True, source="community", legal_basis=CLOCKS["transfer"].article)
def days_unconfirmed(past: Visible) -> Floats:
    """Days a hand-over to another station has waited for confirmation. Zero if none waits."""
    moves = past.of(kind=("transfer_out", "transfer_in"))
    waiting = moves.last_is("kind", "transfer_out") == 1
    return np.where(waiting, moves.days_since_last(), 0.0)


def _first_known(one: Floats, other: Floats) -> Floats:
    return np.where(np.isnan(one), other, one)
