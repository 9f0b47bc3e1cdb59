"""The city indicators: what each counts at the end of a quarter, with what was known by the end of that day.

States are of the last day of the quarter; what has a term of days counts in the quarter in which the term ends, so no
case is in two quarters. Shares of who is under control are all of the same persons: were one of them of a part, the
rest could be had by subtraction. Nobody whose record is sealed is counted. docs/indicators.md says it in words.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from features.arrays import Days, Flags, Floats, Ints
from features.asof import Visible, everything
from features.families.clocks import abstinent_since
from features.families.life import employed
from features.families.programme import in_days
from features.history import History
from features.programmes import COMMUNITY, running_since
from features.statutes import CLOCKS
from features.vocabulary import TEST_GIVEN

YEAR_DAYS = 365
YOUTH_YEARS = 35  # our assumption: younger than this
NOT_OF_A_COMMUNITY = ("methadone", "trial")
LOST_FROM_SIGHT = ("imprisoned", "lost")

Places = Ints


@dataclass(frozen=True, eq=False)
class Cases:
    """What an indicator is a share of: for each case its person, a place in the history, and whether it counts."""

    person: Places
    counts: Flags


@dataclass(frozen=True, eq=False)
class Quarter:
    """Everybody of a history at the end of a quarter; `first` and `end` are its first and last day."""

    past: Visible
    first: int
    end: int

    @classmethod
    def of(cls, history: History, *, first: int, end: int) -> "Quarter":
        """The quarter as known by the end of its last day."""
        rows = pd.DataFrame({"person_id": history.person_ids, "as_of": end})
        return cls(Visible.at(history, rows), first, end)

    @cached_property
    def listed(self) -> Flags:
        """Who is not sealed."""
        return self.past.of(kind="sealed").count() == 0

    @cached_property
    def alive(self) -> Flags:
        """Who is listed and not known to have died."""
        return self.listed & (self.past.of(kind="death").count() == 0)

    @cached_property
    def isolated(self) -> Flags:
        """Who is in compulsory isolation."""
        return self.past.of(kind=("isolation_start", "isolation_end")).last_is("kind", "isolation_start") == 1

    @cached_property
    def under_control(self) -> Flags:
        """Who is in a community programme, out of isolation, and not past three abstinent years."""
        over = self.past.as_of - abstinent_since(self.past) >= CLOCKS["abstinence"].limit
        return self.alive & ~self.isolated & ~over & ~np.isnan(running_since(self.past, COMMUNITY))

    def is_in(self, day: Floats | Days) -> Flags:
        """Whether each day lies in the quarter; no day (NaN) lies in any."""
        return np.asarray((day >= self.first) & (day <= self.end))


def three_years_no_relapse(quarter: Quarter) -> Cases:
    """Three years from the first start of a community programme that end in the quarter: nothing was found in them.

    Found is what the simulator's city counts: a positive test, admission to isolation, prison, death, loss.
    """
    past = quarter.past
    entry = past.of(kind="programme_start", outcome=COMMUNITY).first_day()
    last = entry + CLOCKS["abstinence"].limit
    signs = (
        past.of(kind=("urine_test", "hair_test"), outcome="positive"),
        past.of(kind=("isolation_start", "death")),
        past.of(kind="programme_end", outcome=LOST_FROM_SIGHT),
    )
    n_found = np.sum([in_days(each, entry, last).count() for each in signs], axis=0)
    return _cases(quarter.listed & quarter.is_in(last), n_found == 0)


def orders_carried_out(quarter: Quarter) -> Cases:
    """Orders for a community programme whose 15 days end in the quarter: followed by its start within them."""
    return _answered(quarter, "order", CLOCKS["report_after_order"].limit, kind="programme_start", outcome=COMMUNITY)


def met_at_release(quarter: Quarter) -> Cases:
    """Releases from isolation whose 15 days end in the quarter: followed by a community programme within them."""
    limit_days = CLOCKS["report_after_release"].limit
    return _answered(quarter, "isolation_end", limit_days, kind="programme_start", outcome=COMMUNITY)


def handed_over(quarter: Quarter) -> Cases:
    """Hand-overs whose 15 days end in the quarter: confirmed by the new station within them."""
    return _answered(quarter, "transfer_out", CLOCKS["transfer"].limit, kind="transfer_in")


def met_and_tested(quarter: Quarter) -> Cases:
    """Persons under control: a test given, and a check-in or home visit kept, within 365 days."""
    tested = quarter.past.of(kind=("urine_test", "hair_test"), outcome=TEST_GIVEN).within(days=YEAR_DAYS).count()
    met = quarter.past.of(kind=("check_in", "home_visit"), outcome="kept").within(days=YEAR_DAYS).count()
    return _cases(quarter.under_control, (tested > 0) & (met > 0))


def employed_persons(quarter: Quarter) -> Cases:
    """Persons under control: known to have a job."""
    return _cases(quarter.under_control, employed(quarter.past) == 1)


def family_met(quarter: Quarter) -> Cases:
    """Persons under control: a talk with the family kept within 365 days."""
    met = quarter.past.of(kind="family_contact", outcome="kept").within(days=YEAR_DAYS).count()
    return _cases(quarter.under_control, met > 0)


def active_control(quarter: Quarter) -> Cases:
    """Persons alive and out of isolation who ever began a community programme: under control; else it has ended."""
    ever = quarter.past.of(kind="programme_start", outcome=COMMUNITY).count() > 0
    return _cases(quarter.alive & ~quarter.isolated & ever, quarter.under_control)


def youth(quarter: Quarter) -> Cases:
    """Persons under control: under 35 years at the end of the year by their year of birth."""
    year = 1970 + int(np.datetime64(quarter.end, "D").astype("datetime64[Y]").astype(np.int64))
    return _cases(quarter.under_control, year - quarter.past.fact("birth_year").astype(np.float64) < YOUTH_YEARS)


INDICATORS: Mapping[str, Callable[[Quarter], Cases]] = {
    "three_years_no_relapse": three_years_no_relapse,
    "orders_carried_out": orders_carried_out,
    "met_at_release": met_at_release,
    "handed_over": handed_over,
    "met_and_tested": met_and_tested,
    "employed": employed_persons,
    "family_met": family_met,
    "active_control": active_control,
    "youth": youth,
}


def _cases(of: Flags, counts: Flags) -> Cases:
    return Cases(np.flatnonzero(of), counts[of])


def _answered(quarter: Quarter, asked: str, limit_days: int, **answer: str | tuple[str, ...]) -> Cases:
    """Events whose limit ends in the quarter: whether an answer came from their day to the last of the limit."""
    history, events = quarter.past.history, everything(quarter.past.history)
    events = events.where(events.flagged("kind", asked) & ~events.flagged("outcome", NOT_OF_A_COMMUNITY))
    in_force = (events.known <= quarter.end) & (quarter.end < events.until)
    person = np.searchsorted(events.first, np.arange(len(events.occurred)), side="right") - 1
    due = np.flatnonzero(in_force & quarter.is_in(events.occurred + limit_days) & quarter.listed[person])
    last_days = (events.occurred[due] + limit_days).astype(np.int32)
    after = Visible(history, person[due], last_days, np.full(len(due), quarter.end, np.int32))
    return Cases(person[due], after.of(**answer).within(days=limit_days + 1).count() > 0)
