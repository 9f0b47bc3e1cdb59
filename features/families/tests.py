"""Features of urine tests: what they showed, and when none was given.

`substance` limits to tests for one substance (and those that count as it). "" takes all tests, and then counts
samples: the tests of one day are one, positive if any substance is. A test missed or withheld is information of its own
and never counts as a negative; it was due for whatever substance is asked, unless it names another.
"""

from collections.abc import Iterable

import numpy as np

from features import samples
from features.arrays import Flags, Floats
from features.asof import ABSENT, Selection, Visible, share
from features.catalogue import feature
from features.vocabulary import TEST_GIVEN, TEST_NOT_GIVEN, TEST_WITHHELD, family_of
from features.walk import Columns, Rows

URINE_SOURCES = ("community", "methadone_clinic")


def given(past: Visible, substance: str) -> Selection:
    """The urine tests that gave a result."""
    return with_outcome(past, substance, TEST_GIVEN)


def with_outcome(past: Visible, substance: str, outcome: str | tuple[str, ...]) -> Selection:
    """The urine tests for a substance with one of the outcomes."""
    if substance:
        return past.of(kind="urine_test", substance=family_of(substance), outcome=outcome)
    return past.of(kind="urine_test", outcome=outcome)


def not_given(past: Visible, substance: str, outcome: str | tuple[str, ...]) -> Selection:
    """The urine tests not given that were for a substance, or do not say for which."""
    if substance:
        return past.of(kind="urine_test", substance=(*family_of(substance), ABSENT), outcome=outcome)
    return past.of(kind="urine_test", outcome=outcome)


def number(tests: Selection, substance: str) -> Floats:
    """How many tests there are: for a substance its rows, without one the samples, of which there is one on a day."""
    return tests.count() if substance else tests.count_days()


@feature(family="tests", unit="count", source=URINE_SOURCES)
def tests_given(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Urine tests with a result in the lookback, count; samples when no substance is asked. Zero if none was given."""
    return number(given(past, substance).within(days=days), substance)


@feature(family="tests", unit="count", changeable=True, source=URINE_SOURCES)
def positive_tests(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Positive urine tests in the lookback, count; samples when no substance is asked. Zero if none was given."""
    return number(with_outcome(past, substance, "positive").within(days=days), substance)


@feature(family="tests", unit="count", source=URINE_SOURCES)
def negative_tests(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Negative urine tests in the lookback, count; samples when no substance is asked. Zero if none was given."""
    if substance:
        return with_outcome(past, substance, "negative").within(days=days).count()
    return tests_given(past, substance="", days=days) - positive_tests(past, substance="", days=days)


@feature(family="tests", unit="share", changeable=True, source=URINE_SOURCES)
def positive_share(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Positive among urine tests (samples when no substance is asked) in the lookback, share. Missing if none given."""
    return share(
        positive_tests(past, substance=substance, days=days), tests_given(past, substance=substance, days=days)
    )


@feature(family="tests", unit="count", changeable=True, source=URINE_SOURCES)
def missed_tests(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Urine tests missed in the lookback, those that name no substance included, count. Zero if none was due."""
    return number(not_given(past, substance, "missed").within(days=days), substance)


@feature(family="tests", unit="count", changeable=True, source=URINE_SOURCES)
def withheld_tests(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Urine tests evaded or refused in the lookback, those that name no substance included. Zero if none was."""
    return number(not_given(past, substance, TEST_WITHHELD).within(days=days), substance)


@feature(family="tests", unit="days", source=URINE_SOURCES)
def days_since_test(past: Visible, *, substance: str) -> Floats:
    """Days since the last urine test with a result. Missing if there was none."""
    return given(past, substance).days_since_last()


@feature(family="tests", unit="days", source=URINE_SOURCES)
def days_since_positive(past: Visible, *, substance: str) -> Floats:
    """Days since the last positive urine test. Missing if there was none."""
    return with_outcome(past, substance, "positive").days_since_last()


@feature(family="tests", unit="days", source=URINE_SOURCES)
def days_since_negative(past: Visible, *, substance: str) -> Floats:
    """Days since the last negative urine test. Missing if there was none."""
    if substance:
        return with_outcome(past, substance, "negative").days_since_last()
    return past.as_of - samples.last_day_without(*_samples(given(past, ""), "positive"))


@feature(family="tests", unit="count", source=URINE_SOURCES)
def negative_run(past: Visible, *, substance: str) -> Floats:
    """Negative urine tests in an unbroken row up to now, tests not given left aside, count. Zero if none."""
    if substance:
        return given(past, substance).run("outcome", "negative")
    return samples.run(*_samples(given(past, ""), "positive"), False)


@feature(family="tests", unit="count", changeable=True, source=URINE_SOURCES)
def positive_run(past: Visible, *, substance: str) -> Floats:
    """Positive urine tests in an unbroken row up to now, tests not given left aside, count. Zero if none."""
    if substance:
        return given(past, substance).run("outcome", "positive")
    return samples.run(*_samples(given(past, ""), "positive"), True)


@feature(family="tests", unit="count", changeable=True, source=URINE_SOURCES)
def missed_run(past: Visible, *, substance: str) -> Floats:
    """Urine tests missed or withheld in an unbroken row up to now, count. Zero if the last was given."""
    if not substance:
        return samples.run(*_samples(past.of(kind="urine_test"), TEST_GIVEN), False)
    either = past.of(kind="urine_test", substance=(*family_of(substance), ABSENT))
    told = either.events.flagged("substance", family_of(substance)) | either.events.flagged("outcome", TEST_NOT_GIVEN)
    return either.where(told).run("outcome", TEST_NOT_GIVEN)


@feature(family="tests", unit="yes or no", source=URINE_SOURCES)
def result_positive(past: Visible, *, substance: str, back: int) -> Floats:
    """Whether the latest urine test (back 0), the one before (1), ... was positive. Missing if there is none."""
    if substance:
        return given(past, substance).last_is("outcome", "positive", back=back)
    return samples.last_is(*_samples(given(past, ""), "positive"), back)


@feature(family="tests", unit="share", changeable=True, source=URINE_SOURCES)
def positive_trend(past: Visible, *, substance: str, days: int) -> Floats:
    """Positive share in the lookback minus that in the one before it. Missing if either has no test."""
    tests, positives = given(past, substance), with_outcome(past, substance, "positive")
    earlier = {"start_days": 2 * days, "end_days": days}
    before = share(number(positives.between(**earlier), substance), number(tests.between(**earlier), substance))
    return positive_share(past, substance=substance, days=days) - before


@feature(family="tests", unit="count", changeable=True, source=URINE_SOURCES)
def untested_periods(past: Visible, *, substance: str, length_days: int, of: int) -> Floats:
    """Of the latest periods of so many days, those without a test result, count. Never missing."""
    tests = given(past, substance)
    return _how_many(_period(tests, length_days, back).count() == 0 for back in range(of))


@feature(family="tests", unit="count", changeable=True, source=URINE_SOURCES)
def positive_periods(past: Visible, *, substance: str, length_days: int, of: int) -> Floats:
    """Of the latest periods of so many days, those with a positive test, count. Never missing."""
    positives = with_outcome(past, substance, "positive")
    return _how_many(_period(positives, length_days, back).count() > 0 for back in range(of))


@feature(family="tests", unit="yes or no", changeable=True, source=URINE_SOURCES)
def good_period(past: Visible, *, substance: str, length_days: int, back: int) -> Floats:
    """Whether a period back from now has a test and none positive, yes or no. No if there was no test."""
    tests, positives = given(past, substance), with_outcome(past, substance, "positive")
    tested = _period(tests, length_days, back).count() > 0
    return (tested & (_period(positives, length_days, back).count() == 0)).astype(np.float64)


@feature(family="tests", unit="count", source=URINE_SOURCES)
def good_period_run(past: Visible, *, substance: str, length_days: int, of: int) -> Floats:
    """Good periods in an unbroken row up to now, count. Zero if the latest is not good."""
    unbroken, length = np.ones(len(past)), np.zeros(len(past))
    for back in range(of):
        unbroken = unbroken * good_period(past, substance=substance, length_days=length_days, back=back)
        length = length + unbroken
    return length


def _samples(tests: Selection, outcome: str | tuple[str, ...]) -> tuple[Rows, Columns, Flags]:
    """The tests as the loops of `samples` take them, and which rows have the outcome."""
    return tests.rows(), tests.columns(), tests.events.flagged("outcome", outcome)


def _how_many(flags: Iterable[Flags]) -> Floats:
    return np.sum([flag.astype(np.float64) for flag in flags], axis=0)


def _period(selection: Selection, length_days: int, back: int) -> Selection:
    return selection.between(start_days=length_days * (back + 1), end_days=length_days * back)
