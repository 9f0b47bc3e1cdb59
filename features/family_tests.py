"""Features of tests: what urine and hair showed, and when a person was not seen.

`substance` limits to tests for one substance (and those that count as it); "" takes all tests. A test missed
or withheld is information of its own and never counts as a negative.
"""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from features import walk
from features.asof import Selection, Visible, share
from features.catalogue import feature
from features.family_programme import days_in_programme
from features.history import Floats
from features.statutes import SCHEDULES
from features.vocabulary import TEST_GIVEN, TEST_WITHHELD, family_of

UNREPORTED_WITHIN_DAYS = 4  # the day of the sample and the three before: what urine can see


def urine(past: Visible, substance: str) -> Selection:
    """The urine tests for a substance, of any outcome."""
    return past.of(kind="urine_test", substance=family_of(substance)) if substance else past.of(kind="urine_test")


def given(past: Visible, substance: str) -> Selection:
    """The urine tests that gave a result."""
    return _with_outcome(past, substance, TEST_GIVEN)


def _with_outcome(past: Visible, substance: str, outcome: str | tuple[str, ...]) -> Selection:
    if substance:
        return past.of(kind="urine_test", substance=family_of(substance), outcome=outcome)
    return past.of(kind="urine_test", outcome=outcome)


@feature(family="tests", unit="count")
def tests_given(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Urine tests with a result in the lookback, count. Zero if none was given."""
    return given(past, substance).within(days=days).count()


@feature(family="tests", unit="count", changeable=True)
def positive_tests(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Positive urine tests in the lookback, count. Zero if none was given."""
    return _with_outcome(past, substance, "positive").within(days=days).count()


@feature(family="tests", unit="count", changeable=True)
def negative_tests(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Negative urine tests in the lookback, count. Zero if none was given."""
    return _with_outcome(past, substance, "negative").within(days=days).count()


@feature(family="tests", unit="share", changeable=True)
def positive_share(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Positive urine tests among those given in the lookback, share. Missing if none was given."""
    return share(
        positive_tests(past, substance=substance, days=days), tests_given(past, substance=substance, days=days)
    )


@feature(family="tests", unit="count", changeable=True)
def missed_tests(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Urine tests missed in the lookback, count. Zero if none was due."""
    return _with_outcome(past, substance, "missed").within(days=days).count()


@feature(family="tests", unit="count", changeable=True)
def withheld_tests(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Urine tests evaded or refused in the lookback, count. Zero if none was."""
    return _with_outcome(past, substance, TEST_WITHHELD).within(days=days).count()


@feature(family="tests", unit="days", changeable=True)
def days_since_test(past: Visible, *, substance: str) -> Floats:
    """Days since the last urine test with a result. Missing if there was none."""
    return given(past, substance).days_since_last()


@feature(family="tests", unit="days")
def days_since_positive(past: Visible, *, substance: str) -> Floats:
    """Days since the last positive urine test. Missing if there was none."""
    return _with_outcome(past, substance, "positive").days_since_last()


@feature(family="tests", unit="days")
def days_since_negative(past: Visible, *, substance: str) -> Floats:
    """Days since the last negative urine test. Missing if there was none."""
    return _with_outcome(past, substance, "negative").days_since_last()


@feature(family="tests", unit="count", changeable=True)
def negative_run(past: Visible, *, substance: str) -> Floats:
    """Negative urine tests in an unbroken row up to now, tests not given left aside, count. Zero if none."""
    return given(past, substance).run("outcome", "negative")


@feature(family="tests", unit="count", changeable=True)
def positive_run(past: Visible, *, substance: str) -> Floats:
    """Positive urine tests in an unbroken row up to now, tests not given left aside, count. Zero if none."""
    return given(past, substance).run("outcome", "positive")


@feature(family="tests", unit="count", changeable=True)
def missed_run(past: Visible, *, substance: str) -> Floats:
    """Urine tests missed or withheld in an unbroken row up to now, count. Zero if the last was given."""
    return urine(past, substance).run("outcome", ("missed", *TEST_WITHHELD))


@feature(family="tests", unit="yes or no")
def result_positive(past: Visible, *, substance: str, back: int) -> Floats:
    """Whether the latest urine test (back 0), the one before (1), ... was positive. Missing if there is none."""
    return given(past, substance).last_is("outcome", "positive", back=back)


@feature(family="tests", unit="share", changeable=True)
def positive_trend(past: Visible, *, substance: str, days: int) -> Floats:
    """Positive share in the lookback minus that in the one before it. Missing if either has no test."""
    tests, positives = given(past, substance), _with_outcome(past, substance, "positive")
    earlier = {"start_days": 2 * days, "end_days": days}
    before = share(positives.between(**earlier).count(), tests.between(**earlier).count())
    return share(positives.within(days=days).count(), tests.within(days=days).count()) - before


@feature(family="tests", unit="count", changeable=True)
def untested_periods(past: Visible, *, substance: str, length_days: int, of: int) -> Floats:
    """Of the latest periods of so many days, those without a test result, count. Never missing."""
    tests = given(past, substance)
    return _how_many(_period(tests, length_days, back).count() == 0 for back in range(of))


@feature(family="tests", unit="count", changeable=True)
def positive_periods(past: Visible, *, substance: str, length_days: int, of: int) -> Floats:
    """Of the latest periods of so many days, those with a positive test, count. Never missing."""
    positives = _with_outcome(past, substance, "positive")
    return _how_many(_period(positives, length_days, back).count() > 0 for back in range(of))


@feature(family="tests", unit="yes or no", changeable=True)
def good_period(past: Visible, *, substance: str, length_days: int, back: int) -> Floats:
    """Whether a period back from now has a test and none positive, yes or no. No if there was no test."""
    tests, positives = given(past, substance), _with_outcome(past, substance, "positive")
    tested = _period(tests, length_days, back).count() > 0
    return (tested & (_period(positives, length_days, back).count() == 0)).astype(np.float64)


@feature(family="tests", unit="count", changeable=True)
def good_period_run(past: Visible, *, substance: str, length_days: int, of: int) -> Floats:
    """Good periods in an unbroken row up to now, count. Zero if the latest is not good."""
    unbroken, length = np.ones(len(past)), np.zeros(len(past))
    for back in range(of):
        unbroken = unbroken * good_period(past, substance=substance, length_days=length_days, back=back)
        length = length + unbroken
    return length


def _how_many(flags: Iterable[npt.NDArray[np.bool_]]) -> Floats:
    return np.sum([flag.astype(np.float64) for flag in flags], axis=0)


def _period(selection: Selection, length_days: int, back: int) -> Selection:
    return selection.between(start_days=length_days * (back + 1), end_days=length_days * back)


@feature(family="tests", unit="days", changeable=True)
def days_overdue(past: Visible, *, substance: str, schedule: str) -> Floats:
    """Days by which a urine test is overdue under the schedule. Zero if none is due; missing outside a programme."""
    in_programme = days_in_programme(past)
    since = np.fmin(days_since_test(past, substance=substance), in_programme)
    phases = SCHEDULES[schedule]
    phase = np.searchsorted([each.from_day for each in phases], np.nan_to_num(in_programme), side="right") - 1
    every = np.array([each.every_days for each in phases])[np.maximum(phase, 0)]
    return np.where(np.isnan(in_programme), np.nan, np.maximum(since - every, 0.0))


@feature(family="tests", unit="count")
def positive_hair_tests(past: Visible, *, days: int | None) -> Floats:
    """Positive hair tests in the lookback, count. Zero if none was given."""
    return past.of(kind="hair_test", outcome="positive").within(days=days).count()


@feature(family="tests", unit="days")
def days_since_positive_hair(past: Visible) -> Floats:
    """Days since the last positive hair test. Missing if there was none."""
    return past.of(kind="hair_test", outcome="positive").days_since_last()


@feature(family="self-report", unit="days", changeable=True)
def reported_use_days(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Days of use the person told of in the lookback, count. Zero if none was told."""
    return _told(past, substance).within(days=days).count_days()


@feature(family="self-report", unit="days")
def days_since_reported_use(past: Visible, *, substance: str) -> Floats:
    """Days since the last use the person told of. Missing if none was told."""
    return _told(past, substance).days_since_last()


@feature(family="self-report", unit="share")
def unreported_share(past: Visible, *, substance: str, last: int) -> Floats:
    """Of the latest positive tests, the share without told use on the four days up to them. Missing if none."""
    matched, looked = _matched(past, substance, "positive", last)
    return share(looked - matched, looked)


@feature(family="self-report", unit="share")
def overreported_share(past: Visible, *, substance: str, last: int) -> Floats:
    """Of the latest negative tests, the share with told use on the four days up to them. Missing if none."""
    return share(*_matched(past, substance, "negative", last))


def _told(past: Visible, substance: str) -> Selection:
    if substance:
        return past.of(kind="self_report", outcome="use", substance=family_of(substance))
    return past.of(kind="self_report", outcome="use")


def _matched(past: Visible, substance: str, outcome: str, last: int) -> tuple[Floats, Floats]:
    tests, told = _with_outcome(past, substance, outcome), _told(past, substance)
    return walk.matched(tests.rows(), tests.columns(), told.columns(), UNREPORTED_WITHIN_DAYS, last)
