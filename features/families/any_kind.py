"""Features of any kind of event, known to the catalogue or not, and of facts fixed at registration."""

import numpy as np

from features.arrays import Floats
from features.asof import Selection, Visible
from features.catalogue import feature
from features.vocabulary import KINDS, SOURCES

ANY_SOURCE = tuple(SOURCES)


@feature(family="any kind", unit="count", source=ANY_SOURCE)
def events(past: Visible, *, kind: str, outcome: str, substance: str, days: int | None) -> Floats:
    """Records of a kind in the lookback, count. Zero if none."""
    return _any(past, kind, outcome, substance).within(days=days).count()


@feature(family="any kind", unit="days", source=ANY_SOURCE)
def days_since(past: Visible, *, kind: str, outcome: str, substance: str) -> Floats:
    """Days since the last record of a kind. Missing if there was none."""
    return _any(past, kind, outcome, substance).days_since_last()


@feature(family="any kind", unit="as recorded", source=ANY_SOURCE)
def value_last(past: Visible, *, kind: str) -> Floats:
    """The last value recorded of a kind. Missing if there was none."""
    return past.of(kind=kind).last_value()


@feature(family="any kind", unit="as recorded", source=ANY_SOURCE)
def value_mean(past: Visible, *, kind: str, days: int | None) -> Floats:
    """The mean value recorded of a kind in the lookback. Missing if there was none."""
    return past.of(kind=kind).within(days=days).mean()


@feature(family="any kind", unit="count", source=ANY_SOURCE)
def unlisted_events(past: Visible, *, days: int | None) -> Floats:
    """Records in the lookback of all kinds the catalogue does not know, count. Zero if none."""
    return _unlisted(past).within(days=days).count()


@feature(family="any kind", unit="days", source=ANY_SOURCE)
def days_since_unlisted(past: Visible) -> Floats:
    """Days since the last record of a kind the catalogue does not know. Missing if there was none."""
    return _unlisted(past).days_since_last()


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


def _any(past: Visible, kind: str, outcome: str, substance: str) -> Selection:
    codes = {"kind": kind, "outcome": outcome, "substance": substance}
    return past.of(**{column: code for column, code in codes.items() if code})


def _unlisted(past: Visible) -> Selection:
    """Which kinds there are is asked of the whole history; whether one was visible, of each event."""
    return past.of(kind=tuple(kind for kind in past.history.levels["kind"] if kind not in KINDS))
