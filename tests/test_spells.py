"""Gaps, spells and episodes against plain loops over what was visible, one event after another."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from features import family_life, family_treatment, family_use
from features.asof import Visible
from features.history import History
from tests.tables import EVENT_COLUMNS

AS_OF = 500
DAYS = (30, 365)
KINDS = {"dose": "taken", "job_start": None, "job_end": None, "urine_test": "positive", "hair_test": "positive"}


@st.composite
def revision(draw):
    kind = draw(st.sampled_from(sorted(KINDS)))
    occurred = draw(st.integers(0, 520))
    return {
        "kind": kind,
        "outcome": KINDS[kind],
        "occurred_on": occurred,
        "known_on": occurred + draw(st.integers(0, 80)),
        "event_id": f"e{draw(st.integers(0, 25))}",
        "retracted": draw(st.integers(0, 5)) == 0,
    }


def revised(rows):
    """The rows as revisions: the later one of an event replaces the earlier."""
    made = pd.DataFrame(rows)
    made["revision"] = made.groupby("event_id").cumcount() + 1
    given = {name: made.get(name, default) for name, default in EVENT_COLUMNS.items()}
    return pd.DataFrame(given, index=made.index).astype({"value": "float64", "retracted": "bool"})


def visible(events):
    """What was known at the as-of date: of each event the latest revision known by then."""
    known = events[events["known_on"] <= AS_OF].sort_values("revision").drop_duplicates("event_id", keep="last")
    return known[~known["retracted"] & (known["occurred_on"] <= AS_OF)].sort_values(["occurred_on", "kind"])


def days_of(known, kind, floor=-1):
    return [day for day in known.loc[known["kind"] == kind, "occurred_on"] if day > floor]


def longest_gap(known, days):
    doses = [*days_of(known, "dose", AS_OF - days), AS_OF]
    return max(np.diff(doses)) if len(doses) > 1 else np.nan


def days_employed(known, days):
    changes = known[known["kind"].isin(["job_start", "job_end"])]
    if changes.empty:
        return np.nan
    at_work = 0
    for day in range(AS_OF - days + 1, AS_OF + 1):
        before = changes[changes["occurred_on"] <= day]
        at_work += len(before) > 0 and before["kind"].iloc[-1] == "job_start"
    return at_work


def use_episodes(known, days):
    floor, episodes, stands_until = AS_OF - days, 0, -1
    for day in days_of(known, "urine_test", floor):
        if day > stands_until:
            episodes, stands_until = episodes + 1, day + 7
    urine, stands_until = set(days_of(known, "urine_test")), -1
    for day in days_of(known, "hair_test", floor):
        seen = range(day - 182, day - 7 + 1)
        if day > stands_until and not urine.intersection(seen):
            episodes, stands_until = episodes + 1, day + 175
    return episodes


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(revision(), min_size=1, max_size=30))
def test_gaps_spells_and_episodes_are_those_of_a_plain_loop(rows):
    events = revised(rows)
    known = visible(events)
    past = Visible.at(
        History.of(events, pd.DataFrame({"person_id": ["P1"]})), pd.DataFrame({"person_id": ["P1"], "as_of": [AS_OF]})
    )
    for days in DAYS:
        np.testing.assert_equal(family_treatment.longest_dose_gap(past, days=days)[0], longest_gap(known, days))
        np.testing.assert_equal(family_life.days_employed(past, days=days)[0], days_employed(known, days))
        assert family_use.use_episodes(past, days=days)[0] == use_episodes(known, days)
