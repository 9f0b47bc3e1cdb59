"""Features of the programme a person is in: type, time, hand-overs, and the way through earlier ones."""

import numpy as np

from features.asof import Selection, Visible
from features.catalogue import feature
from features.history import Floats
from features.statutes import CLOCKS

PROGRAMME = ("programme_start", "programme_end")
TOLD_BY = ("community", "methadone_clinic", "case_unit")
WITH_A_TERM = ("community_treatment", "community_rehabilitation")  # methadone and trials have none in law
BROKEN_OFF = ("ended", "isolated", "imprisoned", "lost")


def programme_since(past: Visible) -> Floats:
    """The day the current programme began; NaN outside a programme."""
    running = past.of(kind=PROGRAMME).last_is("kind", "programme_start") == 1
    return np.where(running, past.of(kind="programme_start").last_day(), np.nan)


def in_programme(past: Visible, events: Selection) -> Selection:
    """Those of the events since the first day of the current programme; all outside a programme."""
    return events.since(past.once(programme_since) - 1)  # the first day belongs to the programme


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
    legal_basis="; ".join(CLOCKS[programme].article for programme in WITH_A_TERM),
)
def days_remaining(past: Visible) -> Floats:
    """Days until the term of the current programme is over. Missing outside a programme that has a term."""
    term = np.full(len(past), np.nan)
    for programme in WITH_A_TERM:
        term[programme_is(past, programme=programme) == 1] = CLOCKS[programme].limit
    return term - past.once(days_in_programme)


@feature(family="programme", unit="yes or no", source=TOLD_BY)
def programme_is(past: Visible, *, programme: str) -> Floats:
    """Whether the current programme is of this type, yes or no. Missing outside a programme."""
    current = past.of(kind="programme_start").last_is("outcome", programme)
    return np.where(np.isnan(past.once(programme_since)), np.nan, current)


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
    signed = in_programme(past, past.of(kind="agreement")).count() > 0
    return np.where(np.isnan(past.once(programme_since)), np.nan, signed)


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
    """Days the last stay in compulsory isolation took, up to release. Missing if there was no release."""
    stay = past.of(kind="isolation_end").last_day() - past.of(kind="isolation_start").last_day()
    return np.where(stay >= 0, stay, np.nan)


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
