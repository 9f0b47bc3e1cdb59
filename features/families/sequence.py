"""Features of how results follow one another: switches, runs, gaps, what was told before each, and how it all began.

They look at the tests one by one, so they want a substance: without one a sample is a test for each it was looked for.
"""

import numpy as np

from features import sequences, spells
from features.arrays import Floats
from features.asof import Visible, share
from features.catalogue import feature
from features.families.programme import days_in_programme, in_days, inside, programme_since, since_start
from features.families.self_report import UNREPORTED_WITHIN_DAYS, told
from features.families.tests import URINE_SOURCES, given, number, with_outcome


@feature(family="tests", unit="count", changeable=True, source=URINE_SOURCES)
def result_switches(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Changes from a positive to a negative urine test or back in the lookback, count. Zero if none."""
    tests = given(past, substance).within(days=days)
    return sequences.switches(tests.rows(), tests.columns(), tests.events.flagged("outcome", "positive"))


@feature(family="tests", unit="count", source=URINE_SOURCES)
def longest_negative_run(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Most negative urine tests in an unbroken row in the lookback, tests not given left aside, count. Zero if none."""
    tests = given(past, substance).within(days=days)
    return sequences.longest_run(tests.rows(), tests.columns(), tests.events.flagged("outcome", "negative"))


@feature(family="tests", unit="days", source=URINE_SOURCES)
def days_of_same_result(past: Visible, *, substance: str) -> Floats:
    """Days since the first urine test of the row with the same result as the last. Missing if there was none."""
    tests = given(past, substance)
    flag = tests.events.flagged("outcome", "positive")
    return past.as_of - sequences.streak_began(tests.rows(), tests.columns(), flag)


@feature(family="tests", unit="days", changeable=True, source=URINE_SOURCES)
def longest_test_gap(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Most days from one urine test in the lookback to the next, or to now. Missing if none was given."""
    tests = given(past, substance).within(days=days)
    return spells.longest_gap(tests.rows(), tests.columns())


@feature(family="contact", unit="days", changeable=True, source="community")
def longest_kept_gap(past: Visible, *, kind: str, days: int | None) -> Floats:
    """Most days from one appointment of a kind kept in the lookback to the next, or to now. Missing if none was."""
    appointments = past.of(kind=kind, outcome="kept").within(days=days)
    return spells.longest_gap(appointments.rows(), appointments.columns())


@feature(family="self-report", unit="yes or no", source=URINE_SOURCES)
def use_told_before_test(past: Visible, *, substance: str, back: int) -> Floats:
    """Whether use was told on the four days up to a test, the latest (back 0) or before. Missing if there is none."""
    tests, reports = given(past, substance), told(past, substance)
    return sequences.preceded(tests.rows(), tests.columns(), reports.columns(), UNREPORTED_WITHIN_DAYS, back)


@feature(family="self-report", unit="yes or no", source=URINE_SOURCES)
def unreported_positive(past: Visible, *, substance: str, back: int) -> Floats:
    """Whether a test, the latest (back 0) or before, was positive without use told. Missing if there is none."""
    reported = use_told_before_test(past, substance=substance, back=back)
    return given(past, substance).last_is("outcome", "positive", back=back) * (1 - reported)


@feature(family="self-report", unit="days", changeable=True, source="community")
def reported_use_trend(past: Visible, *, substance: str, days: int) -> Floats:
    """Days of told use in the lookback minus those in the one before it. Zero if none was told."""
    reports = told(past, substance)
    return reports.within(days=days).count_days() - reports.between(start_days=2 * days, end_days=days).count_days()


@feature(family="self-report", unit="share", source="community")
def reported_use_share(past: Visible, *, substance: str) -> Floats:
    """Days of told use since the programme began, share of its days. Missing outside a programme."""
    days_told = since_start(told(past, substance), past.once(programme_since)).count_days()
    return share(days_told, past.once(days_in_programme) + 1)


@feature(family="self-report", unit="days", source="community")
def reported_use_before(past: Visible, *, substance: str, days: int) -> Floats:
    """Days of told use in so many days before the programme, count. Zero if none; missing outside a programme."""
    began = past.once(programme_since)
    before = in_days(told(past, substance), began - days - 1, began - 1)
    return inside(began, before.count_days())


@feature(family="tests", unit="count", source=URINE_SOURCES)
def first_positive_tests(past: Visible, *, substance: str, days: int) -> Floats:
    """Positive urine tests in the first days of the programme, count. Zero if none; missing outside a programme."""
    began = past.once(programme_since)
    first = in_days(with_outcome(past, substance, "positive"), began - 1, np.fmin(began - 1 + days, past.as_of))
    return inside(began, number(first, substance))
