"""The as-of rule: occurred in the lookback, known by the as-of date, latest revision, not retracted."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.asof import LONG_AGO, Visible
from features.history import History
from tests.tables import at, day, history


def test_a_view_has_days_of_its_own_whatever_the_table_has():
    # Loops are compiled for arrays that can be written to; a table's own may not be, and would be compiled for again.
    past = history("occurred_on | kind\n2024-01-01 | check_in")
    predictions = pd.DataFrame({"person_id": past.person_ids, "as_of": np.int32(20_000)})
    assert Visible.at(past, predictions).as_of.flags.writeable


def test_an_event_counts_only_once_it_is_known():
    past = history("""occurred_on | known_on   | kind       | outcome
                      2024-01-02  | 2024-01-20 | urine_test | missed""")
    missed = at(past, "2024-01-10", "2024-01-20", "2024-02-01").of(kind="urine_test", outcome="missed").count()
    assert missed.tolist() == [0, 1, 1]


def test_a_lookback_is_open_at_its_start_and_closed_at_its_end():
    past = history("""occurred_on | kind
                      2024-01-01  | check_in
                      2024-01-02  | check_in
                      2024-01-31  | check_in""")
    assert at(past, "2024-01-31").of(kind="check_in").within(days=30).count().tolist() == [
        2
    ]  # not the first of January


def test_a_correction_replaces_from_the_day_it_became_known():
    past = history("""event_id | revision | occurred_on | known_on   | kind       | outcome
                      t        | 1        | 2024-01-02  | 2024-01-03 | urine_test | positive
                      t        | 2        | 2024-01-02  | 2024-02-01 | urine_test | negative""")
    positives = at(past, "2024-01-31", "2024-02-01").of(kind="urine_test", outcome="positive").count()
    assert positives.tolist() == [1, 0]


def test_a_retraction_ends_the_event_and_says_nothing_itself():
    past = history("""event_id | revision | retracted | occurred_on | known_on   | kind
                      v        | 1        |           | 2024-01-02  | 2024-01-02 | home_visit
                      v        | 2        | yes       | 2024-01-02  | 2024-01-09 | home_visit""")
    assert at(past, "2024-01-08", "2024-01-09").of(kind="home_visit").count().tolist() == [1, 0]


def test_a_later_revision_that_was_known_earlier_replaces_at_once():
    past = history("""event_id | revision | occurred_on | known_on   | kind | value
                      d        | 1        | 2024-01-02  | 2024-03-01 | dose | 40
                      d        | 2        | 2024-01-02  | 2024-02-01 | dose | 60""")
    assert at(past, "2024-02-10", "2024-03-10").of(kind="dose").last_value().tolist() == [60, 60]


def test_a_time_since_nothing_is_missing_and_a_count_of_nothing_is_zero():
    past = at(
        history("""occurred_on | kind
                         2024-01-02  | check_in"""),
        "2024-01-05",
    )
    assert past.of(kind="home_visit").count().tolist() == [0]
    assert np.isnan(past.of(kind="home_visit").days_since_last()).all()
    assert past.of(kind="check_in").days_since_last().tolist() == [3]


def test_a_run_ends_at_the_first_other_result():
    past = history("""occurred_on | kind       | outcome
                      2024-01-02  | urine_test | negative
                      2024-01-09  | urine_test | positive
                      2024-01-16  | urine_test | negative
                      2024-01-23  | urine_test | negative""")
    visible = at(past, "2024-01-08", "2024-01-10", "2024-01-31")
    assert visible.of(kind="urine_test").run("outcome", "negative").tolist() == [1, 0, 2]


def test_what_ends_a_state_comes_last_on_its_day():
    past = at(
        history("""occurred_on | kind            | outcome
                   2024-01-02  | isolation_start |
                   2024-01-02  | isolation_end   |
                   2024-01-03  | transfer_in     |
                   2024-01-03  | transfer_out    |
                   2024-01-04  | objection       | withdrawn
                   2024-01-04  | objection       | raised"""),
        "2024-01-05",
    )
    assert past.of(kind=("isolation_start", "isolation_end")).last_is("kind", "isolation_end").tolist() == [1]
    assert past.of(kind=("transfer_out", "transfer_in")).last_is("kind", "transfer_in").tolist() == [1]
    assert past.of(kind="objection").last_is("outcome", "raised").tolist() == [1]


def test_persons_do_not_see_each_other():
    past = history("""person_id | occurred_on | kind
                      P1        | 2024-01-02  | check_in
                      P2        | 2024-01-02  | check_in
                      P2        | 2024-01-03  | check_in""")
    assert at(past, "2024-01-05", person_id="P1").of().count().tolist() == [1]
    assert at(past, "2024-01-05", person_id="P2").of().count().tolist() == [2]


def test_an_unknown_person_is_an_error_and_not_a_zero():
    with pytest.raises(LookupError):
        at(
            history("""occurred_on | kind
                      2024-01-02  | check_in"""),
            "2024-01-05",
            person_id="P9",
        )


KINDS = ("urine_test", "check_in", "dose")
revisions = st.lists(
    st.fixed_dictionaries(
        {
            "event_id": st.sampled_from([f"e{number}" for number in range(8)]),
            "occurred_on": st.integers(0, 60),
            "delay": st.integers(0, 40),
            "retracted": st.booleans(),
            "kind": st.sampled_from(KINDS),
            "outcome": st.sampled_from(["positive", "negative", None]),
            "value": st.one_of(st.just(np.nan), st.integers(0, 90).map(float)),
        }
    ),
    max_size=25,
)


def frame_of(rows):
    made = pd.DataFrame(
        rows, columns=["event_id", "occurred_on", "delay", "retracted", "kind", "outcome", "value"]
    ).astype({"value": float, "retracted": bool})
    return made.assign(
        person_id=made["event_id"].map(lambda text: "P1" if int(text[1]) < 5 else "P2"),
        revision=made.groupby("event_id").cumcount() + 1,
        known_on=made["occurred_on"] + made["delay"],
        source="community",
        substance=None,
        station_id=None,
        note_code=None,
    )


def visible_by_a_plain_loop(rows, person_id, as_of):
    """What the rule says, one event after the other, with no cleverness."""
    latest = {}
    for row in rows.to_dict("records"):
        known = row["person_id"] == person_id and row["known_on"] <= as_of
        if known and row["revision"] >= latest.get(row["event_id"], row)["revision"]:
            latest[row["event_id"]] = row
    return [row for row in latest.values() if not row["retracted"]]


@settings(max_examples=200, deadline=None)
@given(rows=revisions, as_of=st.integers(0, 110), days=st.one_of(st.none(), st.integers(1, 60)))
def test_the_view_says_what_a_plain_loop_says(rows, as_of, days):
    made = frame_of(rows)
    past = History.of(made, pd.DataFrame({"person_id": ["P1", "P2"]}))
    when = pd.DataFrame({"person_id": ["P1", "P2"], "as_of": as_of})
    tests = Visible.at(past, when).of(kind="urine_test").within(days=days)
    doses = Visible.at(past, when).of(kind="dose").within(days=days)
    floor = int(LONG_AGO) if days is None else as_of - days
    for place, person_id in enumerate(("P1", "P2")):
        seen = [row for row in visible_by_a_plain_loop(made, person_id, as_of) if row["occurred_on"] > floor]
        expected = [row["occurred_on"] for row in seen if row["kind"] == "urine_test"]
        assert tests.count()[place] == len(expected)
        assert tests.count_days()[place] == len(set(expected))
        assert np.array_equal(tests.last_day()[place], max(expected, default=np.nan), equal_nan=True)
        assert np.array_equal(tests.first_day()[place], min(expected, default=np.nan), equal_nan=True)
        values = [row["value"] for row in seen if row["kind"] == "dose" and not np.isnan(row["value"])]
        assert doses.total()[place] == sum(values)
        assert np.isclose(doses.mean()[place], np.mean(values) if values else np.nan, equal_nan=True)


@settings(max_examples=100, deadline=None)
@given(rows=revisions, as_of=st.integers(0, 110), seed=st.integers(0, 9))
def test_the_order_of_arrival_changes_nothing(rows, as_of, seed):
    made = frame_of(rows)
    when = pd.DataFrame({"person_id": ["P1", "P2"], "as_of": as_of})
    persons = pd.DataFrame({"person_id": ["P1", "P2"]})
    once = Visible.at(History.of(made, persons), when).of()
    shuffled = Visible.at(History.of(made.sample(frac=1, random_state=seed), persons), when).of()
    for ask in ("count", "total", "last_value", "last_day"):
        assert np.array_equal(getattr(once, ask)(), getattr(shuffled, ask)(), equal_nan=True)


def test_hindsight_looks_into_the_label_window_and_nothing_else_does():
    past = history("""occurred_on | known_on   | kind       | outcome
                      2024-01-10  | 2024-01-12 | urine_test | positive
                      2024-02-10  | 2024-02-12 | urine_test | positive""")
    visible = at(past, "2024-01-05")
    ahead = visible.in_hindsight(day("2024-03-01")).of(kind="urine_test").ahead(days=28)
    assert ahead.count().tolist() == [1]
    assert visible.of(kind="urine_test").ahead(days=28).count().tolist() == [0]
