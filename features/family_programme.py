"""Features of the programme a person is in, and of the statutory clocks that run in it."""

import numpy as np

from features.asof import Selection, Visible
from features.catalogue import feature
from features.history import Floats
from features.statutes import CLOCKS
from features.vocabulary import TEST_WITHHELD

PROGRAMME = ("programme_start", "programme_end")


def programme_since(past: Visible) -> Floats:
    """The day the current programme began; NaN outside a programme."""
    running = past.of(kind=PROGRAMME).last_is("kind", "programme_start") == 1
    return np.where(running, past.of(kind="programme_start").last_day(), np.nan)


@feature(family="programme", unit="days")
def days_in_programme(past: Visible) -> Floats:
    """Days since the current programme began. Missing outside a programme."""
    return past.as_of - programme_since(past)


@feature(family="programme", unit="days")
def days_remaining(past: Visible) -> Floats:
    """Days until three years of the current programme are over. Missing outside a programme."""
    return CLOCKS["community_treatment"].limit - days_in_programme(past)


@feature(family="programme", unit="yes or no")
def programme_is(past: Visible, *, programme: str) -> Floats:
    """Whether the current programme is of this type, yes or no. Missing outside a programme."""
    current = past.of(kind="programme_start").last_is("outcome", programme)
    return np.where(np.isnan(programme_since(past)), np.nan, current)


@feature(family="programme", unit="count")
def isolations(past: Visible) -> Floats:
    """Admissions to compulsory isolation so far, count. Zero if none."""
    return past.of(kind="isolation_start").count()


@feature(family="programme", unit="days")
def days_since_isolation(past: Visible) -> Floats:
    """Days since the last release from compulsory isolation. Missing if there was none."""
    return past.of(kind="isolation_end").days_since_last()


@feature(family="programme", unit="days", changeable=True)
def days_unconfirmed(past: Visible) -> Floats:
    """Days a hand-over to another station has waited for confirmation. Zero if none waits."""
    moves = past.of(kind=("transfer_out", "transfer_in"))
    waiting = moves.last_is("kind", "transfer_out") == 1
    return np.where(waiting, moves.days_since_last(), 0.0)


@feature(family="statutory clocks", unit="days")
def days_to_report(past: Visible) -> Floats:
    """Days between the order and the report to the station. Missing if either is not recorded."""
    order = past.of(kind="order").last_day()
    start = past.of(kind="programme_start").last_day()
    return np.where(start >= order, start - order, np.nan)


@feature(family="statutory clocks", unit="count", changeable=True)
def strikes(past: Visible) -> Floats:
    """Tests evaded or refused since the programme began, count; three are a serious breach. Zero if none."""
    return _in_programme(past, past.of(kind=("urine_test", "hair_test"), outcome=TEST_WITHHELD)).count()


@feature(family="statutory clocks", unit="count", changeable=True)
def absences(past: Visible) -> Floats:
    """Absences without leave since the programme began, count; three are a serious breach. Zero if none."""
    return _in_programme(past, past.of(kind="absence")).count()


@feature(family="statutory clocks", unit="days", changeable=True)
def absent_days(past: Visible) -> Floats:
    """Days absent without leave since the programme began; over 30 are a serious breach. Zero if none."""
    return _in_programme(past, past.of(kind="absence")).total()


@feature(family="statutory clocks", unit="days")
def days_since_relapse_sign(past: Visible) -> Floats:
    """Days since the last positive test or told use, counted towards three abstinent years. Missing if none."""
    return relapse_signs(past).days_since_last()


def relapse_signs(past: Visible) -> Selection:
    """Positive tests and told use: what stops the clock of three abstinent years."""
    return past.of(kind=("urine_test", "hair_test", "self_report"), outcome=("positive", "use"))


def _in_programme(past: Visible, events: Selection) -> Selection:
    return events.since(programme_since(past) - 1)  # the first day belongs to the programme
