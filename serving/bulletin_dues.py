"""What was due at the stations and whether it was done: a row for each thing due, as known by the end of a day.

Four things have a term and are rare, so a year of them is looked at: those whose term was over. Tests and contacts are
those of the half-month. A plan is due of everyone who has been in a community programme for long enough. The rules are
told in docs/bulletin.md; nothing here can be attributed to a person once it is counted.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from features.asof import Visible
from features.families.clocks import ISOLATION
from features.history import History
from features.programmes import COMMUNITY, OUT_OF_REACH, running_since
from features.schema import days_since_epoch
from features.stations import CONTACTS, TEST
from features.statutes import CLOCKS
from features.vocabulary import CONTACT_OUTCOMES, TEST_GIVEN, TEST_OUTCOMES

INDICATORS = ("report", "agreement", "test", "contact", "hand_over", "plan")
OF_THE_HALF_MONTH = ("test", "contact")
TERM_LOOKBACK_DAYS = 365
AGREEMENT_DAYS = 15  # our assumption: signed within so many days of the start, before or after
PLAN_EVERY_DAYS = 90  # our assumption
COLUMNS = ["station_id", "indicator", "done", "answered"]


@dataclass(frozen=True)
class Term:
    """Something that has to follow something else within so many days; it may have come some days `before`."""

    indicator: str
    days: int
    before_days: int = 0


REPORT = Term("report", CLOCKS["report_after_order"].limit)
REPORT_AFTER_RELEASE = Term("report", CLOCKS["report_after_release"].limit)
AGREEMENT = Term("agreement", AGREEMENT_DAYS, before_days=AGREEMENT_DAYS)
HAND_OVER = Term("hand_over", CLOCKS["transfer"].limit)


def half_month_before(until: date) -> date:
    """The last day of the half-month before the one a day lies in.

    >>> half_month_before(date(2024, 3, 31)), half_month_before(date(2024, 3, 15))
    (datetime.date(2024, 3, 15), datetime.date(2024, 2, 29))
    """
    return until.replace(day=15) if until.day > 15 else until.replace(day=1) - timedelta(days=1)


def half_months(day: date, *, n: int = 1) -> list[date]:
    """The last days of the last half-months that are over by the end of a day, the newest first.

    >>> half_months(date(2024, 3, 14), n=2), half_months(date(2024, 3, 15))
    ([datetime.date(2024, 2, 29), datetime.date(2024, 2, 15)], [datetime.date(2024, 3, 15)])
    """
    ends = [half_month_before(day + timedelta(days=1))]
    while len(ends) < n:
        ends.append(half_month_before(ends[-1]))
    return ends


def dues(history: History, until: date) -> pd.DataFrame:
    """station_id (None where nothing says whose it was), indicator, done, and whether it was `answered` at all.

    Done is in time, answered is also late: where nothing was ever answered, records may be missing.
    """
    day, since = days_since_epoch(until), days_since_epoch(half_month_before(until))
    seen = standing(history, day)
    kind, outcome = seen["kind"], seen["outcome"]
    starts = seen[kind.eq("programme_start") & outcome.isin(COMMUNITY)]
    made = [
        _recorded(seen, "test", (TEST, TEST_OUTCOMES, TEST_GIVEN), since=since),
        _recorded(seen, "contact", (CONTACTS, CONTACT_OUTCOMES, ("kept",)), since=since),
        _terms(seen, _reports_awaited(seen), starts, until=day),
        _terms(seen, _begun(starts, AGREEMENT), seen[kind.eq("agreement")], until=day),
        _terms(seen, _begun(seen[kind.eq("transfer_out")], HAND_OVER), seen[kind.eq("transfer_in")], until=day),
        _plans(history, seen, until=day),
    ]
    return pd.concat(made, ignore_index=True)


def standing(history: History, until: int) -> pd.DataFrame:
    """The person (a place), day, kind, outcome and station_id of what was in force at the end of a day, in order.

    Without the persons whose record is sealed: nobody looks anything up there, not even to count it.
    """
    at = np.flatnonzero((history.known <= until) & (until < history.until) & (history.occurred <= until))
    words = {name: np.array([*history.levels[name], None], dtype=object) for name in ("kind", "outcome", "station_id")}
    person = np.searchsorted(history.first, at, side="right") - 1
    seen = pd.DataFrame({"person": person, "day": history.occurred[at].astype(np.int64)}).assign(
        **{name: known[history.codes[name][at]] for name, known in words.items()}
    )
    sealed = seen.loc[seen["kind"].eq("sealed"), "person"]
    return seen[~seen["person"].isin(sealed)].sort_values("day", kind="stable", ignore_index=True)


def _recorded(
    seen: pd.DataFrame, indicator: str, codes: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]], *, since: int
) -> pd.DataFrame:
    """What is recorded as due with its outcome; `codes`: the kinds, all outcomes and those that count as done."""
    kinds, outcomes, done = codes
    rows = seen[seen["kind"].isin(kinds) & seen["outcome"].isin(outcomes) & seen["day"].gt(since)]
    return rows.assign(indicator=indicator, done=rows["outcome"].isin(done), answered=True)[COLUMNS]


def _begun(rows: pd.DataFrame, term: Term) -> pd.DataFrame:
    told = rows.drop_duplicates(["person", "day"])
    return told.assign(
        indicator=term.indicator, due_on=told["day"] + term.days, looked_from=told["day"] - term.before_days
    )


def _reports_awaited(seen: pd.DataFrame) -> pd.DataFrame:
    """Orders and releases; those of one day await one report."""
    awaited = [
        _begun(seen[seen["kind"].eq(kind)], term)
        for kind, term in (("order", REPORT), ("isolation_end", REPORT_AFTER_RELEASE))
    ]
    return pd.concat(awaited).drop_duplicates(["person", "day"]).sort_values("day", kind="stable")


def _terms(seen: pd.DataFrame, begun: pd.DataFrame, answers: pd.DataFrame, *, until: int) -> pd.DataFrame:
    """Those whose term ended in the year before a day; not those who could not be reached before it ended."""
    over = begun[begun["due_on"].gt(until - TERM_LOOKBACK_DAYS) & begun["due_on"].le(until)]
    found = _following(over.sort_values("looked_from", kind="stable"), answers, "looked_from", "answered_on")
    away = seen["kind"].isin(["isolation_start", "death"]) | (
        seen["kind"].eq("programme_end") & seen["outcome"].isin(OUT_OF_REACH)
    )
    later = found.assign(after=found["day"] + 1).sort_values("after", kind="stable")
    found = _following(later, seen[away], "after", "away_on")
    done = found["answered_on"].le(found["due_on"])
    found = found.assign(done=done, answered=found["answered_on"].notna())
    return _placed(found[done | ~found["away_on"].le(found["due_on"])], seen)[COLUMNS]


def _following(rows: pd.DataFrame, events: pd.DataFrame, start: str, name: str) -> pd.DataFrame:
    """The rows with the day of the person's first such event from a day on; rows sorted by that day."""
    days = events[["person", "day"]].rename(columns={"day": name}).astype({name: "int64"})
    days = days.assign(at=days[name]).sort_values("at", kind="stable")
    return pd.merge_asof(rows, days, left_on=start, right_on="at", by="person", direction="forward").drop(columns="at")


def _placed(rows: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    """The rows with a station: the one that recorded it, else the person's on the day it was due."""
    named = seen.loc[seen["station_id"].notna(), ["person", "day", "station_id"]]
    named = named.rename(columns={"day": "named_on", "station_id": "of_person"})
    placed = pd.merge_asof(
        rows.sort_values("due_on", kind="stable"), named, left_on="due_on", right_on="named_on", by="person"
    )
    own = placed["station_id"].notna()
    return placed.assign(station_id=placed["station_id"].where(own, placed["of_person"]))


def _plans(history: History, seen: pd.DataFrame, *, until: int) -> pd.DataFrame:
    """Everyone in a community programme for as long as a plan holds, who is not in isolation."""
    persons = np.unique(seen["person"].to_numpy())
    day = np.full(len(persons), until, dtype=np.int32)
    past = Visible(history, persons, day, day)
    away = (past.of(kind=ISOLATION).last_is("kind", "isolation_start") == 1) | (past.of(kind="death").count() > 0)
    due = (until - running_since(past, COMMUNITY) >= PLAN_EVERY_DAYS) & ~away
    planned = past.of(kind="plan").last_day()
    rows = pd.DataFrame(
        {
            "person": persons,
            "station_id": None,
            "indicator": "plan",
            "due_on": np.int64(until),
            "done": until - planned < PLAN_EVERY_DAYS,
            "answered": ~np.isnan(planned),
        }
    )
    return _placed(rows[due], seen)[COLUMNS]
