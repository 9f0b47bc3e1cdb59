"""Features of what people tell of their own use, and of how it agrees with their tests."""

from features import walk
from features.arrays import Floats
from features.asof import Selection, Visible, share
from features.catalogue import feature
from features.families.tests import URINE_SOURCES, with_outcome
from features.vocabulary import family_of

UNREPORTED_WITHIN_DAYS = 4  # the day of the sample and the three before: what urine can see


@feature(family="self-report", unit="days", changeable=True, source="community")
def reported_use_days(past: Visible, *, substance: str, days: int | None) -> Floats:
    """Days of use the person told of in the lookback, count. Zero if none was told."""
    return told(past, substance).within(days=days).count_days()


@feature(family="self-report", unit="days", source="community")
def days_since_reported_use(past: Visible, *, substance: str) -> Floats:
    """Days since the last use the person told of. Missing if none was told."""
    return told(past, substance).days_since_last()


@feature(family="self-report", unit="share", source=URINE_SOURCES)
def unreported_share(past: Visible, *, substance: str, last: int) -> Floats:
    """Of the latest positive tests, the share without told use on the four days up to them. Missing if none."""
    matched, looked = _matched(past, substance, "positive", last)
    return share(looked - matched, looked)


@feature(family="self-report", unit="share", source=URINE_SOURCES)
def overreported_share(past: Visible, *, substance: str, last: int) -> Floats:
    """Of the latest negative tests, the share with told use on the four days up to them. Missing if none."""
    return share(*_matched(past, substance, "negative", last))


def told(past: Visible, substance: str) -> Selection:
    """The days of use of a substance the person told of."""
    if substance:
        return past.of(kind="self_report", outcome="use", substance=family_of(substance))
    return past.of(kind="self_report", outcome="use")


def _matched(past: Visible, substance: str, outcome: str, last: int) -> tuple[Floats, Floats]:
    tests, reports = with_outcome(past, substance, outcome), told(past, substance)
    return walk.matched(tests.rows(), tests.columns(), reports.columns(), UNREPORTED_WITHIN_DAYS, last)
