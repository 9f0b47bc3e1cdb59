"""Two times, one truth: what the store holds depends on what was told, not on the order or the batches of the telling.

Comparable are tellings in which every row has the same day of arrival (ordinary batches: a row is known from the day
it came) or a declared day that is trusted (backfill). The rows must not contradict each other: of two contents under
one revision the store keeps what it holds and quarantines the other, whichever that is.
"""

import shutil
import tempfile
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.catalogue import compute
from features.history import History
from features.intake import ingest
from features.relapse import FeatureChoice, chosen
from features.snapshot import write_snapshot
from features.store import Store

FIRST = date(2024, 1, 1)
N_DAYS = 5
FEATURES = chosen(FeatureChoice(lookbacks_days=(7, 30), results_back=2, last_tests=(3,), generic_kinds=("check_in",)))
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]


def iso(day):
    return (FIRST + timedelta(days=day)).isoformat()


@st.composite
def revisions(draw, event):
    """All revisions of one event: corrections, perhaps a retraction. Later ones may be known before earlier ones."""
    person, occurred = draw(st.integers(0, 2)), draw(st.integers(-20, -2))
    kind = draw(st.sampled_from(["check_in", "urine_test"]))
    outcomes = {"check_in": ["kept", "missed"], "urine_test": ["positive", "negative", "missed"]}[kind]
    return [
        {
            "event_id": f"e{event}",
            "revision": revision,
            "retracted": draw(st.booleans()) if revision > 1 else False,
            "person_id": f"P{person}",
            "occurred_on": iso(occurred + draw(st.integers(0, revision - 1))),
            "station_id": draw(st.sampled_from(["S1", "S2", ""])),
            "source": "community",
            "kind": kind,
            "outcome": draw(st.sampled_from(outcomes)),
        }
        for revision in range(1, draw(st.integers(1, 3)) + 1)
    ]


@st.composite
def rows(draw, most=6):
    events = [draw(revisions(event)) for event in range(draw(st.integers(1, most)))]
    return [row for event in events for row in event]


def send(store, folder, batch, day, *, backfill=False):
    folder.mkdir(exist_ok=True)
    pd.DataFrame(batch).to_csv(folder / "events.csv", index=False)
    report = ingest(folder, store, received_on=FIRST + timedelta(days=day), backfill=backfill)
    assert all(table.quarantined == 0 for table in report.tables), report.reasons()


def cut(batch, at):
    """The rows as two or three batches."""
    edges = [0, *sorted(place % (len(batch) + 1) for place in at), len(batch)]
    return [part for start, end in pairwise(edges) if (part := batch[start:end])]


def state(store, folder):
    snapshot = write_snapshot(store, folder)
    return store.state_digest(), dict(snapshot.sha256)


def check_that_order_does_not_matter(data, new_url, backfill):
    told = data.draw(rows())
    repeats = data.draw(st.lists(st.sampled_from(told), max_size=4))
    copies = [{**row, "day": data.draw(st.integers(2, N_DAYS - 1))} for row in [*told, *repeats]]
    states = []
    with tempfile.TemporaryDirectory() as folder:
        for run in ("one", "other"):
            order = copies if run == "one" else data.draw(st.permutations(copies))
            places = [] if run == "one" else data.draw(st.lists(st.integers(0, 20), max_size=2))
            with Store.open(new_url()) as store:
                if backfill:  # in any order, whatever the days declared
                    declared = [{**row, "known_on": iso(row["day"])} for row in order]
                    for batch in cut(without_day(declared), places):
                        send(store, Path(folder) / "in", batch, N_DAYS, backfill=True)
                else:  # the days pass in order, within each the order is free
                    for day in range(N_DAYS):
                        for batch in cut(without_day([row for row in order if row["day"] == day]), places):
                            send(store, Path(folder) / "in", batch, day)
                states.append(state(store, Path(folder) / run))
    assert states[0] == states[1]


def without_day(batch):
    return [{name: value for name, value in row.items() if name != "day"} for row in batch]


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """An empty store to copy: making its tables takes longer than filling them."""
    folder = tmp_path_factory.mktemp("empty")
    Store.open_home(folder).close()
    return folder / "store.db"


@pytest.mark.parametrize("backfill", [True, False])
@settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_any_order_and_any_batches_give_the_same_state(empty, data, backfill):
    with tempfile.TemporaryDirectory() as folder:
        copies = (shutil.copy(empty, Path(folder) / f"{number}.db") for number in range(2))
        check_that_order_does_not_matter(data, lambda: f"sqlite:///{next(copies)}", backfill)


@pytest.mark.parametrize("backfill", [True, False])
def test_so_they_do_in_postgresql(postgres_server, backfill):
    @settings(max_examples=4, deadline=None, suppress_health_check=SLOW)
    @given(data=st.data())
    def check(data):
        check_that_order_does_not_matter(data, postgres_server.database, backfill)

    check()


def features_at(store, as_of):
    """Every feature of every person at the end of a day."""
    persons = pd.DataFrame({"person_id": ["P0", "P1", "P2"]})
    when = persons.assign(as_of=(FIRST - date(1970, 1, 1)).days + as_of)
    return compute(History.of(store.read("events"), persons), when, FEATURES)


def check_that_later_batches_leave_earlier_features_alone(told, days, url):
    with tempfile.TemporaryDirectory() as folder, Store.open(url) as store:
        seen = {}
        for day in range(N_DAYS):
            batch = [row for row, come in zip(told, days, strict=False) if come == day]
            if batch:
                send(store, Path(folder) / "in", batch, day)
            seen[day] = features_at(store, day)
        for day, then in seen.items():
            pd.testing.assert_frame_equal(features_at(store, day), then, check_exact=True)


ARRIVALS = {"told": rows(), "days": st.lists(st.integers(0, N_DAYS - 1), min_size=18, max_size=18)}


@settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
@given(**ARRIVALS)
def test_what_arrives_later_never_changes_a_feature_at_an_earlier_date(empty, told, days):
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{shutil.copy(empty, Path(folder) / 'store.db')}"
        check_that_later_batches_leave_earlier_features_alone(told, days, url)


def test_so_it_does_in_postgresql(postgres_server):
    @settings(max_examples=2, deadline=None, suppress_health_check=SLOW)
    @given(**ARRIVALS)
    def check(told, days):
        check_that_later_batches_leave_earlier_features_alone(told, days, postgres_server.database())

    check()


def test_a_correction_counts_from_the_day_it_came(store_url, tmp_path):
    row = {
        "event_id": "e1", "revision": 1, "retracted": False, "person_id": "P0", "occurred_on": iso(0),
        "source": "community", "kind": "check_in", "outcome": "missed",
    }  # fmt: skip
    with Store.open(store_url) as store:
        send(store, tmp_path / "in", [row], 1)
        send(store, tmp_path / "in", [{**row, "revision": 2, "outcome": "kept"}], 3)
        send(store, tmp_path / "in", [{**row, "revision": 3, "retracted": True}], 4)
        counted = [features_at(store, day)["events_check_in_7d"][0] for day in range(N_DAYS)]
        missed = [features_at(store, day)["missed_check_in_7d"][0] for day in range(N_DAYS)]
    assert counted == [0, 1, 1, 1, 0]
    assert missed == [0, 1, 1, 0, 0]
