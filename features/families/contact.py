"""Features of contact: appointments kept and missed, visits, talks with the family, and when a person was last seen."""

from features.arrays import Floats
from features.asof import Visible, share
from features.catalogue import feature
from features.families.tests import URINE_SOURCES
from features.vocabulary import CONTACT_OUTCOMES, TEST_GIVEN

# Kinds at which somebody met the person; a talk with the family is none of them.
MEETINGS = ("urine_test", "hair_test", "check_in", "home_visit", "dose", "counselling", "group_service", "training")
MET = ("kept", "taken", *TEST_GIVEN)


@feature(family="contact", unit="count", source="community")
def kept(past: Visible, *, kind: str, days: int | None) -> Floats:
    """Appointments of a kind kept in the lookback, count. Zero if none."""
    return past.of(kind=kind, outcome="kept").within(days=days).count()


@feature(family="contact", unit="count", changeable=True, source="community")
def missed(past: Visible, *, kind: str, days: int | None) -> Floats:
    """Appointments of a kind missed in the lookback, count. Zero if none."""
    return past.of(kind=kind, outcome="missed").within(days=days).count()


@feature(family="contact", unit="share", changeable=True, source="community")
def kept_share(past: Visible, *, kind: str, days: int | None) -> Floats:
    """Appointments of a kind kept among those agreed in the lookback, share. Missing if none was agreed."""
    kept_ones = kept(past, kind=kind, days=days)
    return share(kept_ones, kept_ones + missed(past, kind=kind, days=days))


@feature(family="contact", unit="days", changeable=True, source="community")
def days_since_kept(past: Visible, *, kind: str) -> Floats:
    """Days since an appointment of a kind was last kept. Missing if never."""
    return past.of(kind=kind, outcome="kept").days_since_last()


@feature(family="contact", unit="count", changeable=True, source="community")
def missed_contact_run(past: Visible, *, kind: str) -> Floats:
    """Appointments of a kind missed in an unbroken row up to now, count. Zero if the last was kept."""
    return past.of(kind=kind, outcome=CONTACT_OUTCOMES).run("outcome", "missed")


@feature(family="contact", unit="days", changeable=True, source=(*URINE_SOURCES, "rehab_station", "employment"))
def days_since_met(past: Visible) -> Floats:
    """Days since anyone last met the person: a test, an appointment kept, a dose taken. Missing if never."""
    return past.of(kind=MEETINGS, outcome=MET).days_since_last()
