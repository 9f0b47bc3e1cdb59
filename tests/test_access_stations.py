"""Whose person it is: the station of the latest visible record that names one, as a slow, plain loop finds it."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.schema import days_since_epoch
from features.store import Store
from features.tables import BATCHES, STORED
from serving.stations import station_of, stations_of

TODAY = date(2024, 6, 10)
EVENT = {"retracted": False, "source": "community", "row_digest": b"", "batch_no": 1}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open(f"sqlite:///{tmp_path_factory.mktemp('store') / 'store.db'}") as opened:
        with opened.writing() as connection:
            batch = {"batch_no": 1, "batch_id": "b", "content_digest": "", "received_on": 0, "state_digest": ""}
            connection.execute(BATCHES.insert(), [{**batch, "counts": "{}"}])
        yield opened


def put(store, rows):
    """The store with these events of P1 and no others; days are counted from ten days before TODAY."""
    first = days_since_epoch(TODAY) - 10
    told = [
        {
            **EVENT,
            "event_id": event_id,
            "revision": revision,
            "person_id": "P1",
            "occurred_on": first + occurred,
            "known_on": first + max(known, occurred),
            "kind": kind,
            "station_id": station,
            "retracted": retracted,
        }
        for event_id, revision, occurred, known, kind, station, retracted in rows
    ]
    with store.writing() as connection:
        connection.execute(STORED["events"].delete())
        if told:
            connection.execute(STORED["events"].insert(), told)
    return told


def event(day, station, *, kind="check_in", known=0, event_id=None, revision=1, retracted=False):
    return (event_id or f"{day}{station}{kind}", revision, day, known, kind, station, retracted)


def found(store, *rows):
    put(store, rows)
    return station_of(store, "P1", today=TODAY)


def test_the_latest_record_that_names_a_station_says_it(store):
    assert found(store) is None
    assert found(store, event(1, None)) is None
    assert found(store, event(1, "S1"), event(3, "S2"), event(2, "S3")) == "S2"
    assert found(store, event(1, "S1"), event(3, None)) == "S1"


def test_a_person_moves_when_the_new_station_confirms_and_not_before(store):
    moves = [event(1, "S1"), event(5, "S1", kind="transfer_out")]
    assert found(store, *moves) == "S1"
    assert found(store, *moves, event(5, "S2", kind="transfer_in")) == "S2"  # on the same day, whatever the names
    assert found(store, *moves, event(5, "S0", kind="transfer_in")) == "S0"


def test_what_is_not_yet_known_or_was_taken_back_moves_nobody(store):
    assert found(store, event(1, "S1"), event(3, "S2", known=11)) == "S1"
    assert found(store, event(1, "S1"), event(11, "S2")) == "S1"
    taken_back = [event(3, "S2", event_id="e"), event(3, "S2", event_id="e", revision=2, retracted=True)]
    assert found(store, event(1, "S1"), *taken_back) == "S1"
    corrected = [event(3, "S2", event_id="e"), event(3, "S3", event_id="e", revision=2, known=9)]
    assert found(store, event(1, "S1"), *corrected) == "S3"
    assert found(store, event(1, "S1"), corrected[0], event(3, "S3", event_id="e", revision=2, known=11)) == "S2"


def test_each_person_is_answered_in_the_order_asked(store):
    put(store, [event(1, "S1")])
    assert stations_of(store, ["P-NOBODY", "P1", "P-NOBODY"], today=TODAY) == [None, "S1", None]


def looped(rows):
    """The same by a loop over rows: of those in force today, the latest by day, hand-over, knowledge, id."""
    today, latest = days_since_epoch(TODAY), {}
    for row in sorted(rows, key=lambda row: row["revision"]):
        if row["known_on"] <= today:
            latest[row["event_id"]] = row
    standing = [
        row
        for row in latest.values()
        if not row["retracted"] and row["station_id"] is not None and row["occurred_on"] <= today
    ]
    order = [(row["occurred_on"], row["kind"] == "transfer_in", row["known_on"], row["event_id"]) for row in standing]
    return standing[order.index(max(order))]["station_id"] if standing else None


ROWS = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.integers(1, 3),
        st.integers(0, 12),
        st.integers(0, 13),
        st.sampled_from(["check_in", "transfer_in", "transfer_out"]),
        st.sampled_from([None, "S1", "S2", "S3"]),
        st.booleans(),
    ),
    max_size=10,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=150, deadline=timedelta(seconds=5))
@given(ROWS)
def test_the_database_finds_what_a_loop_finds(store, rows):
    told = put(store, rows)
    assert station_of(store, "P1", today=TODAY) == looped(told)
