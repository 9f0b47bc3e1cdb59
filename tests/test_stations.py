"""Months of stations: counted once they are over, never reopened, the same rows for batch, parts and the service."""

from dataclasses import replace
from datetime import date
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.asof import Visible
from features.catalogue import compute, make
from features.closing import BOOKS_DAYS, counted, past_months
from features.cohort import Cohort
from features.families.station import WORTH
from features.history import History
from features.intake import ingest
from features.partitions import Size, Task, features_of, parts
from features.relapse import chosen  # noqa: F401 (fills the catalogue)
from features.snapshot import write_snapshot
from features.stations import COUNTED, StationMonths, closes_on, first_day, month_of
from features.store import Store
from serving.histories import StoredHistories
from tests.tables import day, events, history, table

JANUARY = """person_id | station_id | occurred_on | known_on   | kind       | outcome
             P1        | S1         | 2024-01-03  |            | urine_test | positive
             P1        | S1         | 2024-01-20  |            | urine_test | negative
             P2        | S1         | 2024-01-31  |            | urine_test | missed
             P2        | S1         | 2024-01-09  |            | check_in   | kept
             P3        | S2         | 2024-01-10  |            | urine_test | negative
             P3        | S2         | 2024-01-11  |            | home_visit | missed
             P3        |            | 2024-01-12  |            | check_in   | kept
             P1        | S1         | 2024-01-30  | 2024-02-15 | urine_test | positive"""
STATIONS = pd.DataFrame({"station_id": ["S1", "S2"], "social_workers": [2.0, 1.0]})
SHARE = make("station_positive_share", days=90)


def months_of(text, until="2030-01-01"):
    return StationMonths.of(past_months(history(text), STATIONS, until=day(until)))


def asked(text, feature, *days, person_id="P1"):
    """The value of a feature of one person on some dates, with the months closed from the same table."""
    past = replace(history(text), stations=months_of(text))
    when = pd.DataFrame({"person_id": person_id, "as_of": [day(each) for each in days]})
    return compute(past, when, [feature])[feature.name].tolist()


def test_a_month_counts_what_happened_in_it_and_was_known_when_it_closed():
    rows = past_months(history(JANUARY), STATIONS, until=day("2024-03-01")).set_index("station_id")
    first = rows.loc["S1"]
    assert (first["month"], first["closed_on"]) == (day("2024-01-01"), day("2024-02-14"))  # 14 days after its end
    assert (first["tests_given"], first["positive_tests"], first["withheld_tests"]) == (2, 1, 1)  # the late one is not
    assert (first["contacts_kept"], first["persons"], first["social_workers"]) == (1, 2, 2)
    assert (rows.loc["S2", "contacts_kept"], rows.loc["S2", "contacts_missed"]) == (0, 1)  # no station, no count


def test_a_month_is_not_seen_before_it_closed():
    before, after = asked(JANUARY, SHARE, "2024-02-13", "2024-02-14")
    assert np.isnan(before)
    assert after == pytest.approx((1 + WORTH * 1 / 3) / (2 + WORTH))  # 1 of 2 at S1, 1 of 3 in the city


def test_a_share_is_of_the_months_that_end_in_the_lookback():
    inside, outside = asked(JANUARY, SHARE, "2024-04-29", "2024-05-01")  # January ended 89 and 91 days before
    assert inside == pytest.approx((1 + WORTH / 3) / (2 + WORTH))
    assert np.isnan(outside)  # the city had no test in the window


def test_the_station_is_that_of_the_latest_record_that_names_one():
    moved = JANUARY + "\nP1 | S2 | 2024-02-20 | | transfer_in |"
    at_first, then = asked(moved, SHARE, "2024-02-19", "2024-02-20")
    assert at_first == pytest.approx((1 + WORTH / 3) / (2 + WORTH))
    assert then == pytest.approx((0 + WORTH / 3) / (1 + WORTH))


def test_the_caseload_is_persons_on_the_books_for_each_worker():
    caseload = make("station_caseload")
    assert asked(JANUARY, caseload, "2024-02-14") == [2 / 2]
    assert asked(JANUARY, caseload, "2024-02-14", person_id="P3") == [1 / 1]
    assert np.isnan(asked(JANUARY, caseload, "2024-02-13")[0])


def test_a_person_is_on_the_books_of_one_station_only_and_for_ninety_days():
    text = """person_id | station_id | occurred_on | kind     | outcome
              P1        | S1         | 2024-01-03  | check_in | kept
              P1        | S2         | 2024-01-30  | check_in | kept"""
    rows = past_months(history(text), STATIONS, until=day("2024-08-01")).set_index(["station_id", "month"])["persons"]
    assert rows[rows > 0].to_dict() == {("S2", day(f"2024-{month}-01")): 1 for month in ("01", "02", "03")}
    assert day("2024-03-31") - day("2024-01-30") < BOOKS_DAYS < day("2024-04-30") - day("2024-01-30") + 1


def test_without_stations_the_features_are_missing():
    past = history(JANUARY)
    when = pd.DataFrame({"person_id": ["P1"], "as_of": [day("2024-03-01")]})
    assert compute(past, when, [SHARE, make("station_caseload")]).isna().all(axis=None)


ROW = st.fixed_dictionaries(
    {
        "event_id": st.integers(0, 12).map(lambda number: f"e{number}"),
        "revision": st.integers(1, 3),
        "retracted": st.booleans(),
        "person_id": st.sampled_from(["P1", "P2", "P3"]),
        "occurred_on": st.integers(0, 200),
        "delay": st.integers(0, 60),
        "source": st.sampled_from(["community", "facility", "rehab_station"]),
        "kind": st.sampled_from(["urine_test", "check_in", "plan"]),
        "outcome": st.sampled_from(["positive", "negative", "missed", "kept"]),
        "station_id": st.sampled_from(["S1", "S2", None]),
    }
)


def made(rows):
    frame = pd.DataFrame(rows).drop_duplicates(["event_id", "revision"])
    people = frame.groupby("event_id")["person_id"].transform("first")  # an event is of one person
    return frame.assign(
        person_id=people, known_on=frame["occurred_on"] + frame["delay"], value=np.nan, substance=None, note_code=None
    )


def by_hand(rows, month):
    """Row by row what a station's month counts: the plain loop that the fast one has to equal."""
    start, end, closing = first_day(month), first_day(month + 1) - 1, closes_on(month)
    latest = {}
    for row in sorted(rows.to_dict("records"), key=lambda row: row["revision"]):
        if row["known_on"] <= closing:
            latest[row["event_id"]] = row
    tally, last = {}, {}
    for row in latest.values():
        if row["retracted"] or not isinstance(row["station_id"], str):
            continue
        for name, (kinds, outcomes) in COUNTED.items():
            if start <= row["occurred_on"] <= end and row["kind"] in kinds and row["outcome"] in outcomes:
                tally[row["station_id"], name] = tally.get((row["station_id"], name), 0) + 1
        if row["source"] != "facility" and end - BOOKS_DAYS < row["occurred_on"] <= end:
            last.setdefault(row["person_id"], []).append((row["occurred_on"], row["station_id"]))
    return tally, last


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=40))
def test_the_counts_are_those_of_a_plain_loop(rows):
    told = made(rows)
    past = History.of(told, told[["person_id"]].drop_duplicates())
    for month in range(5):
        found = counted(past, [month]).set_index("station_id")
        tally, last = by_hand(told, month)
        for name in COUNTED:
            assert {station: n for station, n in found[name].items() if n} == {
                station: n for (station, each), n in tally.items() if each == name
            }
        assert found["persons"].sum() == len(last)  # everyone is on the books of one station
        ties = [max(days)[0] for days in last.values() if len([d for d in days if d[0] == max(days)[0]]) > 1]
        if not ties:
            expected = pd.Series([max(days)[1] for days in last.values()]).value_counts()
            assert {s: n for s, n in found["persons"].items() if n} == expected.to_dict()


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=30), later=st.lists(ROW, max_size=30), month=st.integers(0, 5))
def test_what_became_known_after_a_month_closed_changes_nothing_in_it(rows, later, month):
    known = made(rows)
    known = known[known["known_on"] <= closes_on(month)]
    after = made([*known.to_dict("records"), *later]) if len(known) else made(later) if later else known
    if known.empty or after.empty:
        return
    after = after.assign(
        known_on=np.where(
            after.index < len(known), after["known_on"], np.maximum(after["known_on"], closes_on(month) + 1)
        )
    )
    people = pd.DataFrame({"person_id": ["P1", "P2", "P3"]})
    one, two = (counted(History.of(each, people), [month]).set_index("station_id") for each in (known, after))
    pd.testing.assert_frame_equal(
        one[one.any(axis=1)].drop(columns="month"), two.loc[one[one.any(axis=1)].index].drop(columns="month")
    )


PERSONS = "person_id | registered_on\nP1 | 2024-01-01\nP2 | 2024-01-01\nP3 | 2024-01-01"
SENT = """event_id | source    | person_id | station_id | occurred_on | known_on   | kind       | outcome
          a        | community | P1        | S1         | 2024-01-03  | 2024-01-03 | urine_test | positive
          b        | community | P2        | S1         | 2024-01-31  | 2024-02-01 | urine_test | negative
          c        | community | P3        | S2         | 2024-02-10  | 2024-02-11 | urine_test | negative"""


def send(store, folder, received_on, *, backfill=False, **tables):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in tables.items():
        table(text).to_csv(folder / f"{name}.csv", index=False)
    return ingest(folder, store, received_on=date.fromisoformat(received_on), backfill=backfill)


def test_the_first_batch_after_a_month_closed_closes_it_once(store_url, tmp_path):
    with Store.open(store_url) as store:
        first = send(
            store, tmp_path / "1", "2024-02-14", persons=PERSONS, events=SENT.rsplit("\n", 1)[0], backfill=True
        )
        assert store.read("station_months").empty  # the 14th is the last day that counts
        later = SENT.splitlines()[0] + "\nd | community | P3 | S2 | 2024-02-14 | 2024-02-14 | check_in | kept"
        second = send(store, tmp_path / "2", "2024-02-20", events=later)
        rows = store.read("station_months").set_index("station_id")
        assert rows.loc["S1", ["month", "closed_on", "tests_given"]].tolist() == [
            day("2024-01-01"),
            day("2024-02-20"),
            2,
        ]
        again = later.replace("\nd |", "\ne |").replace("2024-02-14", "2024-02-21")
        third = send(store, tmp_path / "3", "2024-02-22", events=again)
        pd.testing.assert_frame_equal(rows, store.read("station_months").set_index("station_id"))
        assert store.state_digest() == third.state_digest != second.state_digest != first.state_digest
        assert second.notes == ("station_months: months closed: 1, stations: 1.",)


TAKEN_BACK = """
event_id | revision | retracted | source    | person_id | station_id | occurred_on | known_on   | kind
a        | 2        | true      | community | P1        | S1         | 2024-01-03  | 2024-01-03 | urine_test
d        | 1        | false     | community | P2        | S3         | 2024-04-03  | 2024-04-03 | plan"""


def test_backfills_count_anew_in_whatever_order_they_come(tmp_path):
    """One of them takes back the only event of a month."""
    head, *rows = SENT.splitlines()
    batches = ["\n".join([head, rows[0], rows[2]]), "\n".join([head, rows[1]]), TAKEN_BACK]
    found = []
    for run, order in enumerate(permutations(batches)):
        with Store.open(f"sqlite:///{tmp_path}/{run}.db") as store:
            for number, batch in enumerate(order):
                send(store, tmp_path / f"{run} {number}", "2024-06-01", persons=PERSONS, events=batch, backfill=True)
            months = store.read("station_months").sort_values(["month", "station_id"], ignore_index=True)
            found.append((store.state_digest(), months))
    assert len({digest for digest, _ in found}) == 1
    assert found[0][1].set_index(["station_id", "month"]).loc[("S1", day("2024-01-01")), "positive_tests"] == 0
    for _, months in found:
        pd.testing.assert_frame_equal(months, found[0][1])


def test_a_backfill_leaves_what_daily_work_has_closed(tmp_path):
    january = (
        "event_id | source | person_id | station_id | occurred_on | kind\nx | facility | P1 | S1 | 2024-01-05 | plan"
    )
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        send(store, tmp_path / "1", "2024-01-10", persons=PERSONS, events=SENT.rsplit("\n", 2)[0])
        send(store, tmp_path / "2", "2024-02-20", persons=PERSONS)
        closed = store.read("station_months")
        assert closed["closed_on"].tolist() == [day("2024-02-20")]
        send(store, tmp_path / "3", "2024-06-01", events=january, backfill=True)
        after = store.read("station_months")
        pd.testing.assert_frame_equal(after[after["month"] == day("2024-01-01")].reset_index(drop=True), closed)


def test_staff_told_later_does_not_reach_back(tmp_path):
    workers = "station_id | social_workers\nS1 | {}\nS2 | 1"
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        send(
            store, tmp_path / "1", "2024-02-20", persons=PERSONS, events=SENT, stations=workers.format(2), backfill=True
        )
        send(store, tmp_path / "2", "2024-02-21", stations=workers.format(10))
        again = SENT.splitlines()[0] + "\nd | community | P3 | S1 | 2024-01-14 | 2024-01-14 | check_in | kept"
        send(store, tmp_path / "3", "2024-03-20", events=again, backfill=True)
        staff = store.read("station_months").set_index(["station_id", "month"])["social_workers"]
        assert staff[("S1", day("2024-01-01"))] == 2  # closed on the 14th of February, before more were told of
        assert staff[("S1", day("2024-02-01"))] == 10  # closed on the 14th of March


def test_a_backfill_closes_no_month_early(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        send(store, tmp_path / "1", "2024-03-14", persons=PERSONS, events=SENT, backfill=True)
        assert set(store.read("station_months")["month"]) == {
            day("2024-01-01")
        }  # February closes by the end of this day
        more = SENT.splitlines()[0] + "\nd | community | P3 | S2 | 2024-02-12 | 2024-02-12 | check_in | kept"
        send(store, tmp_path / "2", "2024-03-15", events=more, backfill=True)
        assert day("2024-02-01") in set(store.read("station_months")["month"])


def test_a_file_of_that_name_is_not_taken_in(tmp_path):
    with Store.open_home(tmp_path / "home") as store:
        report = send(
            store, tmp_path / "in", "2024-06-01", persons=PERSONS, station_months="station_id | month\nS1 | 2024-01-01"
        )
        assert report.unmapped == ("station_months.csv",)


def test_batch_parts_and_service_give_the_same_bits(small_home):
    features = (make("station_caseload"), SHARE, make("station_contact_share", days=365))
    with Store.open(small_home.store_url) as store:
        snapshot = write_snapshot(store, small_home.snapshots)
    days = (day("2025-03-31"), day("2025-09-30"))
    task = Task(Cohort(minimum_tests=0), features, days)
    told, months = snapshot.read("persons"), StationMonths.of(snapshot.read("station_months"))
    whole = features_of(snapshot.read("events"), told, task, months).sort_values(
        ["person_id", "as_of"], ignore_index=True
    )
    assert whole[[feature.name for feature in features]].notna().all(axis=None)
    path = snapshot.folder / "events.parquet"
    made_of = [
        features_of(part, told[told["person_id"].isin(part["person_id"])], task, months)
        for part in parts(path, Size(3000, 40))
    ]
    assert len(made_of) > 3
    again = pd.concat(made_of).sort_values(["person_id", "as_of"], ignore_index=True)
    pd.testing.assert_frame_equal(whole, again, check_exact=True)
    stored = StoredHistories(small_home.store_url)
    for row in whole.iloc[::17].itertuples():
        held = stored.of([row.person_id])
        when = pd.DataFrame({"person_id": [row.person_id], "as_of": [(row.as_of - pd.Timestamp(0)).days]})
        alone = compute(held.history, when, features)
        assert alone.iloc[0].tolist() == whole.loc[row.Index, list(alone)].tolist()
    stored.store().close()


def test_months_count_from_1970():
    assert month_of(day("2024-02-29")) == (2024 - 1970) * 12 + 1
    assert first_day(month_of(day("2024-02-29")) + 1) == day("2024-03-01")
    assert closes_on(month_of(day("2024-02-01"))) == day("2024-03-14")


def test_a_station_without_a_row_in_a_month_has_no_caseload():
    rows = past_months(history(JANUARY), STATIONS, until=day("2024-03-01"))
    months = StationMonths.of(rows[rows["station_id"] == "S1"])
    past = replace(History.of(events(JANUARY), pd.DataFrame({"person_id": ["P3"]})), stations=months)
    at = Visible.at(past, pd.DataFrame({"person_id": ["P3"], "as_of": [day("2024-03-01")]}))
    assert np.isnan(make("station_caseload").of(at)).all()
    assert SHARE.of(at) == pytest.approx([1 / 2])  # nothing of its own: the city's
