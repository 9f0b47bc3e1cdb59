"""Features of tests by the calendar and by surprise: what was due, and what a test nobody could foresee showed.

A surprise test is chosen neither by suspicion nor by calendar: what it shows says most about how things are.
"""

import numpy as np

from features.arrays import Floats
from features.asof import ABSENT, Selection, Visible, share
from features.catalogue import feature
from features.families.programme import days_in_programme, inside, programme_since, since_start
from features.families.tests import URINE_SOURCES, days_since_test, given, number
from features.statutes import SCHEDULES, urine_tests_due
from features.vocabulary import SURPRISE, TEST_GIVEN, TEST_NOT_GIVEN


@feature(family="tests", unit="days", changeable=True, source=URINE_SOURCES)
def days_overdue(past: Visible, *, substance: str, schedule: str) -> Floats:
    """Days by which a urine test is overdue under the schedule. Zero if none is due; missing outside a programme."""
    return np.maximum(past.as_of - next_test_on(past, substance=substance, schedule=schedule), 0.0)


def next_test_on(past: Visible, *, substance: str, schedule: str) -> Floats:
    """The day the next urine test is due under the schedule, days since 1970-01-01; NaN outside a programme.

    It follows the last test with a result, or the start of the programme, by the days in force at the as-of date.
    """
    running = past.once(days_in_programme)
    since = np.fmin(days_since_test(past, substance=substance), running)
    phases = SCHEDULES[schedule]
    phase = np.searchsorted([each.from_day for each in phases], np.nan_to_num(running), side="right") - 1
    every = np.array([each.every_days for each in phases])[np.maximum(phase, 0)]
    return np.where(np.isnan(running), np.nan, past.as_of - since + every)


@feature(family="tests", unit="share", changeable=True, source=URINE_SOURCES)
def given_of_due(past: Visible, *, schedule: str, days: int) -> Floats:
    """Urine tests with a result over those due in the lookback and the programme, share. Missing if none was due."""
    running = past.once(days_in_programme)
    due = urine_tests_due(schedule, running) - urine_tests_due(schedule, np.maximum(running - days, 0.0))
    first_day = past.as_of.astype(np.float64) - np.fmin(running, days - 1)
    tests = number(given(past, "").since(first_day - 1), "")
    return share(tests, np.where(due >= 1, due, 0.0))


@feature(family="tests", unit="count", source=URINE_SOURCES)
def surprise_tests(past: Visible, *, days: int | None) -> Floats:
    """Surprise urine tests with a result in the lookback, count. Zero if none was given."""
    return number(_surprises(past, TEST_GIVEN).within(days=days), "")


@feature(family="tests", unit="count", changeable=True, source=URINE_SOURCES)
def surprises_not_given(past: Visible, *, days: int | None) -> Floats:
    """Surprise urine tests missed, evaded or refused in the lookback, count. Zero if none was."""
    return number(_surprises(past, TEST_NOT_GIVEN).within(days=days), "")


@feature(family="tests", unit="share", changeable=True, source=URINE_SOURCES)
def surprise_positive_share(past: Visible, *, days: int | None) -> Floats:
    """Positives among surprise urine tests with a result in the lookback, share. Missing if none was given."""
    positives = number(_surprises(past, "positive").within(days=days), "")
    return share(positives, surprise_tests(past, days=days))


@feature(family="tests", unit="share", changeable=True, source=URINE_SOURCES)
def scheduled_positive_share(past: Visible, *, days: int | None) -> Floats:
    """Positives among urine tests with a result that were no surprise in the lookback, share. Missing if none was."""
    notes = (*(note for note in past.history.levels["note_code"] if note != SURPRISE), ABSENT)
    tests = past.of(kind="urine_test", note_code=notes, outcome=TEST_GIVEN).within(days=days)
    positives = past.of(kind="urine_test", note_code=notes, outcome="positive").within(days=days)
    return share(number(positives, ""), number(tests, ""))


@feature(family="tests", unit="days", source=URINE_SOURCES)
def days_since_surprise(past: Visible) -> Floats:
    """Days since the last surprise urine test with a result. Missing if there was none."""
    return _surprises(past, TEST_GIVEN).days_since_last()


@feature(family="tests", unit="count", source=URINE_SOURCES)
def surprises_in_programme(past: Visible) -> Floats:
    """Surprise urine tests with a result since the programme began. Zero if none; missing outside a programme."""
    began = past.once(programme_since)
    return inside(began, number(since_start(_surprises(past, TEST_GIVEN), began), ""))


def _surprises(past: Visible, outcome: str | tuple[str, ...]) -> Selection:
    return past.of(kind="urine_test", note_code=SURPRISE, outcome=outcome)
