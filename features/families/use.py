"""Features of use as tests of different sight show it: hair beside urine, and episodes of which none counts twice.

Urine sees back 1 to 3 days, 7 at most; hair half a year, but not the last two weeks. So one use can make several urine
tests and a later hair test positive.
"""

from features import spells
from features.arrays import Floats
from features.asof import Selection, Visible
from features.catalogue import feature
from features.families.tests import URINE_SOURCES
from features.vocabulary import TEST_GIVEN, TEST_NOT_GIVEN

URINE_SEES_DAYS = 7
HAIR_SEES_FROM_DAYS = 14
HAIR_SEES_DAYS = 182

# A urine test of so many days before the hair may show a use that the hair sees as well.
NEWEST_IN_COMMON_DAYS = HAIR_SEES_FROM_DAYS - URINE_SEES_DAYS


@feature(family="tests", unit="count", source="rehab_station")
def positive_hair_tests(past: Visible, *, days: int | None) -> Floats:
    """Positive hair tests in the lookback, count. Zero if none was given."""
    return _hair(past, "positive").within(days=days).count_days()  # a sample may be looked at for several substances


@feature(family="tests", unit="days", source="rehab_station")
def days_since_positive_hair(past: Visible) -> Floats:
    """Days since the last positive hair test. Missing if there was none."""
    return _hair(past, "positive").days_since_last()


@feature(family="tests", unit="days", source="rehab_station")
def days_since_hair_test(past: Visible) -> Floats:
    """Days since the last hair test with a result. Missing if there was none."""
    return _hair(past, TEST_GIVEN).days_since_last()


@feature(family="tests", unit="count", changeable=True, source="rehab_station")
def hair_tests_not_given(past: Visible, *, days: int | None) -> Floats:
    """Hair tests missed, evaded or refused in the lookback, count. Zero if none was."""
    return _hair(past, TEST_NOT_GIVEN).within(days=days).count_days()


@feature(family="tests", unit="count", changeable=True, source=(*URINE_SOURCES, "rehab_station"))
def use_episodes(past: Visible, *, days: int | None) -> Floats:
    """Episodes of use shown or told in the lookback, each counted once, count. Zero if none was.

    Positive urine tests and told use within 7 days of the first of them are one episode; a positive hair test is one
    more when no such sign falls into the half year it sees.
    """
    signs = past.of(kind=("urine_test", "self_report"), outcome=("positive", "use")).within(days=days)
    return spells.episodes(signs.rows(), signs.columns(), URINE_SEES_DAYS) + uses_by_hair_alone(past, days=days)


@feature(family="tests", unit="count", changeable=True, source="rehab_station")
def uses_by_hair_alone(past: Visible, *, days: int | None) -> Floats:
    """Positive hair tests in the lookback whose half year has no other sign of use, count. Zero if none was."""
    hair = _hair(past, "positive").within(days=days)
    signs = past.of(kind=("urine_test", "self_report"), outcome=("positive", "use"))
    sight = (NEWEST_IN_COMMON_DAYS, HAIR_SEES_DAYS)
    return spells.unexplained(hair.rows(), hair.columns(), signs.columns(), *sight)


def _hair(past: Visible, outcome: str | tuple[str, ...]) -> Selection:
    return past.of(kind="hair_test", outcome=outcome)
