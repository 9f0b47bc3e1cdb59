"""Gaps, spells and episodes against plain loops over what was visible, one event after another."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from features.asof import Visible
from features.families import life, tests, treatment, use
from features.history import History
from features.programmes import running_since
from features.vocabulary import LAST_OF_A_DAY, PROGRAMME_ENDS, PROGRAMMES
from tests.tables import EVENT_COLUMNS

AS_OF = 500
DAYS = (30, 365)
KINDS = {
    "dose": ["taken"], "job_start": [None], "job_end": [None], "isolation_start": [None], "leave": [None],
    "urine_test": ["positive", "negative", "missed"], "hair_test": ["positive"],
    "programme_start": list(PROGRAMMES), "programme_end": list(PROGRAMME_ENDS),
}  # fmt: skip


@st.composite
def revision(draw, kinds=tuple(KINDS)):
    kind = draw(st.sampled_from(kinds))
    occurred = draw(st.integers(0, 520))
    return {
        "kind": kind,
        "outcome": draw(st.sampled_from(KINDS[kind])),
        "source": draw(st.sampled_from(["community", "methadone_clinic"])),
        "note_code": draw(st.sampled_from([None, None, None, "week", "week", *PROGRAMMES])),
        "value": draw(st.sampled_from([np.nan, 1.0, 5.0, 60.0])),
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
    seen = known[~known["retracted"] & (known["occurred_on"] <= AS_OF)]
    last = seen["kind"].isin(LAST_OF_A_DAY)  # what comes last on a day by its meaning, else by name
    keys = ["occurred_on", "last", "kind", "outcome", "source", "note_code"]
    return seen.assign(last=last).fillna({"outcome": "", "note_code": ""}).sort_values(keys)


def days_of(known, kind, floor=-1, outcome=None):
    chosen = known[(known["kind"] == kind) & (known["outcome"].eq(outcome) | (outcome is None))]
    return [day for day in chosen["occurred_on"] if day > floor]


def longest_gap(known, days):
    doses = [*days_of(known, "dose", AS_OF - days), AS_OF]
    return max(np.diff(doses)) if len(doses) > 1 else np.nan


def days_employed(known, days):
    if not days_of(known, "job_start") + days_of(known, "job_end"):
        return np.nan
    return sum(jobs_on(known, day) > 0 for day in range(AS_OF - days + 1, AS_OF + 1))


def jobs_on(known, day):
    jobs = 0
    for kind in known.loc[known["occurred_on"] <= day, "kind"]:
        if kind == "isolation_start":
            jobs = 0
        jobs += (kind == "job_start") - (kind == "job_end" and jobs > 0)
    return jobs


def covered_days(known, days):
    covered = set()
    for dose in known[known["kind"] == "dose"].itertuples():
        covered |= set(range(dose.occurred_on, dose.occurred_on + (7 if dose.note_code == "week" else 1)))
    return len(covered & set(range(AS_OF - days + 1, AS_OF + 1)))


def leave_days(known, days):
    begun = known[(known["kind"] == "leave") & (known["occurred_on"] > AS_OF - days) & known["value"].notna()]
    return sum(min(length, AS_OF - day + 1) for day, length in zip(begun["occurred_on"], begun["value"], strict=True))


def samples(known):
    """Of each day with a result, whether any was positive; latest first."""
    results = known[(known["kind"] == "urine_test") & (known["outcome"] != "missed")]
    return [(day, "positive" in set(rows["outcome"])) for day, rows in results.groupby("occurred_on")][::-1]


def run(flags, wanted):
    return next((place for place, flag in enumerate(flags) if flag != wanted), len(flags))


def running(known):
    """The programmes that run, each with the day it began, by the rules of `features.programmes` told one by one."""
    since = {}
    for change in known[known["kind"].str.startswith("programme")].itertuples():
        if change.kind == "programme_start":
            if change.outcome.startswith("community"):
                since = {name: day for name, day in since.items() if not name.startswith("community")}
            since[change.outcome] = change.occurred_on
        else:
            since = {name: day for name, day in since.items() if name not in ended(change, since)}
    return since


def ended(change, since):
    last = max(since, key=lambda name: (since[name], PROGRAMMES.index(name)), default=None)
    if change.note_code in PROGRAMMES:
        return [change.note_code]
    if change.outcome in {"isolated", "imprisoned", "died"}:
        return list(since)
    if change.source == "methadone_clinic":
        return ["methadone"] if "methadone" in since else [last]
    if change.outcome == "lost":
        return list(since)
    with_a_term = [name for name in since if name != "methadone"]
    return with_a_term if change.outcome == "completed" and with_a_term else [last]


def use_episodes(known, days):
    floor, episodes, stands_until = AS_OF - days, 0, -1
    for day in days_of(known, "urine_test", floor, "positive"):
        if day > stands_until:
            episodes, stands_until = episodes + 1, day + 7
    urine, stands_until = set(days_of(known, "urine_test", outcome="positive")), -1
    for day in days_of(known, "hair_test", floor):
        seen = range(day - 182, day - 7 + 1)
        if day > stands_until and not urine.intersection(seen):
            episodes, stands_until = episodes + 1, day + 175
    return episodes


def told(rows):
    """What a plain loop sees of the rows, and what a feature does."""
    events = revised(rows)
    history = History.of(events, pd.DataFrame({"person_id": ["P1"]}))
    return visible(events), Visible.at(history, pd.DataFrame({"person_id": ["P1"], "as_of": [AS_OF]}))


HISTORIES = st.lists(revision(), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None)
@given(rows=HISTORIES)
def test_gaps_spells_and_episodes_are_those_of_a_plain_loop(rows):
    known, past = told(rows)
    for days in DAYS:
        np.testing.assert_equal(treatment.longest_dose_gap(past, days=days)[0], longest_gap(known, days))
        np.testing.assert_equal(life.days_employed(past, days=days)[0], days_employed(known, days))
        assert use.use_episodes(past, days=days)[0] == use_episodes(known, days)
        assert treatment.covered_days(past, days=days)[0] == covered_days(known, days)
        assert life.leave_days(past, days=days)[0] == leave_days(known, days)


@settings(max_examples=150, deadline=None)
@given(rows=HISTORIES)
def test_samples_are_those_of_a_plain_loop(rows):
    known, past = told(rows)
    found = samples(known)
    positive = [flag for _, flag in found]
    assert tests.tests_given(past, substance="", days=None)[0] == len(found)
    assert tests.positive_tests(past, substance="", days=None)[0] == sum(positive)
    assert tests.positive_run(past, substance="")[0] == run(positive, wanted=True)
    assert tests.negative_run(past, substance="")[0] == run(positive, wanted=False)
    for back in (0, 2):
        last = float(positive[back]) if back < len(positive) else np.nan
        np.testing.assert_equal(tests.result_positive(past, substance="", back=back)[0], last)
    negative_on = next((day for day, flag in found if not flag), np.nan)
    np.testing.assert_equal(tests.days_since_negative(past, substance="")[0], AS_OF - negative_on)


@settings(max_examples=300, deadline=None)
@given(rows=st.lists(revision(("programme_start", "programme_end")), min_size=5, max_size=10))
def test_programmes_run_beside_each_other_as_a_plain_loop_says(rows):
    known, past = told(rows)
    found = {name: running_since(past, (name,))[0] for name in PROGRAMMES}
    assert {name: day for name, day in found.items() if not np.isnan(day)} == running(known)
