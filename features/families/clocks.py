"""Features of the statutory clocks: what the law counts, with limits and articles from `statutes`."""

import numpy as np

from features import spells
from features.arrays import Floats
from features.asof import Selection, Visible
from features.catalogue import feature
from features.families.programme import inside, relapse_signs, since_start, statutory_since
from features.families.tests import URINE_SOURCES
from features.programmes import COMMUNITY
from features.statutes import CLOCKS
from features.vocabulary import STATUTORY_PROGRAMMES, TEST_WITHHELD

REPORTS = ("report_after_order", "report_after_release")
ISOLATION = ("isolation_start", "isolation_end")
TEST_SOURCES = (*URINE_SOURCES, "rehab_station")


def abstinent_since(past: Visible) -> Floats:
    """The day the clock of three abstinent years runs from; NaN when no programme of the law ever began.

    The first such programme, the last sign of use, the last release from isolation: whichever was latest.
    """
    began = past.of(kind="programme_start", outcome=STATUTORY_PROGRAMMES).first_day()
    stopped = np.fmax(relapse_signs(past).last_day(), past.of(kind="isolation_end").last_day())
    return np.where(np.isnan(began), np.nan, np.fmax(began, stopped))


@feature(
    family="statutory clocks",
    unit="days",
    source=("case_unit", "community"),
    legal_basis=CLOCKS["report_after_order"].article,
)
def days_to_report(past: Visible) -> Floats:
    """Days between the last order and the report to the station. Missing if either is not recorded.

    The report is the first start of a community programme from the order on: no other start answers an order.
    """
    order = past.of(kind="order").last_day()
    return inside(order, _reports(past).since(order - 1).first_day() - order)


@feature(
    family="statutory clocks",
    unit="days",
    changeable=True,
    source=("case_unit", "facility", "community"),
    legal_basis="; ".join(CLOCKS[clock].article for clock in REPORTS),
)
def report_days_left(past: Visible) -> Floats:
    """Days left to report after an order or a release, below zero when overdue. Missing if no report is awaited."""
    order, release = past.of(kind="order").last_day(), past.of(kind="isolation_end").last_day()
    after_order, after_release = (CLOCKS[clock].limit for clock in REPORTS)
    told = np.fmax(order, release)
    # A stay of hours may end on the day it began, so only a later admission says that no report is awaited any more.
    awaited = (_reports(past).since(told - 1).count() == 0) & (past.of(kind="isolation_start").since(told).count() == 0)
    limit = np.where(order == told, after_order, after_release)
    return np.where(awaited, told + limit - past.as_of, np.nan)


@feature(
    family="statutory clocks", unit="days", changeable=True, source="community", legal_basis=CLOCKS["transfer"].article
)
def transfer_days_left(past: Visible) -> Floats:
    """Days left for a new station to take over, below zero when overdue. Missing if no hand-over waits."""
    changes = past.of(kind=("transfer_out", "transfer_in"))
    left = CLOCKS["transfer"].limit - changes.days_since_last()
    return np.where(changes.last_is("kind", "transfer_out") == 1, left, np.nan)


@feature(family="statutory clocks", unit="count", source=TEST_SOURCES, legal_basis=CLOCKS["strikes"].article)
def strikes(past: Visible) -> Floats:
    """Tests evaded or refused in the programme, three a serious breach. Zero if none; missing outside a programme.

    Counted from the day the programme of the law began; rows of one day are one urine test and one hair test at most.
    """
    began = past.once(statutory_since)
    withheld = (past.of(kind=kind, outcome=TEST_WITHHELD) for kind in ("urine_test", "hair_test"))
    return inside(began, np.sum([since_start(tests, began).count_days() for tests in withheld], axis=0))


@feature(
    family="statutory clocks",
    unit="count",
    source="community",
    legal_basis=CLOCKS["absence_occasions"].article,
)
def absences(past: Visible) -> Floats:
    """Absences without leave in the programme, three a serious breach. Zero if none; missing outside a programme."""
    began = past.once(statutory_since)
    return inside(began, since_start(past.of(kind="absence"), began).count())


@feature(
    family="statutory clocks",
    unit="days",
    source="community",
    legal_basis=CLOCKS["absence_total"].article,
)
def absent_days(past: Visible) -> Floats:
    """Days absent so far without leave in the programme, 31 a serious breach. Zero if none; missing outside one."""
    began = past.once(statutory_since)
    absences = since_start(past.of(kind="absence"), began)
    return inside(began, spells.days_passed(absences.rows(), absences.columns(), absences.events.value))


@feature(
    family="statutory clocks",
    unit="yes or no",
    source=TEST_SOURCES,
    legal_basis=CLOCKS["strikes"].article,
)
def serious_breach(past: Visible) -> Floats:
    """Whether tests withheld or absences in the programme are a serious breach. No if none; missing outside one.

    Three tests evaded or refused, three absences without leave, or more than 30 days of them that have passed.
    """
    by_tests = strikes(past) >= CLOCKS["strikes"].limit
    by_absence = absences(past) >= CLOCKS["absence_occasions"].limit
    by_days = absent_days(past) > CLOCKS["absence_total"].limit
    return inside(past.once(statutory_since), (by_tests | by_absence | by_days).astype(np.float64))


@feature(family="statutory clocks", unit="days", source=TEST_SOURCES, legal_basis=CLOCKS["abstinence"].article)
def days_since_relapse_sign(past: Visible) -> Floats:
    """Days since the last positive test or told use, counted towards three abstinent years. Missing if none."""
    return relapse_signs(past).days_since_last()


@feature(
    family="statutory clocks", unit="days", source=(*TEST_SOURCES, "facility"), legal_basis=CLOCKS["abstinence"].article
)
def abstinent_days(past: Visible) -> Floats:
    """Days the clock of three abstinent years has run. Missing if no programme ever began."""
    return past.as_of - past.once(abstinent_since)


@feature(family="statutory clocks", unit="days", source="facility", legal_basis=CLOCKS["isolation_review"].article)
def isolation_review_days_left(past: Visible) -> Floats:
    """Days until the review after a year of isolation, below zero when past. Missing if not in isolation."""
    stays = past.of(kind=ISOLATION)
    left = CLOCKS["isolation_review"].limit - stays.days_since_last()
    return np.where(stays.last_is("kind", "isolation_start") == 1, left, np.nan)


def _reports(past: Visible) -> Selection:
    """Reports to the station: starts of a community programme."""
    return past.of(kind="programme_start", outcome=COMMUNITY)
