import json
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from features.errors import StoreError
from features.intake import ingest
from features.mapping import read_mapping
from features.schema import days_since_epoch
from features.store import Store
from tests.tables import table

CTN0027 = Path(__file__).parents[2] / "shared" / "data" / "ctn0027"
MONDAY, TUESDAY = date(2024, 1, 8), date(2024, 1, 9)
HEAD = "event_id | revision | person_id | occurred_on | known_on | source | kind | outcome"
KEPT = "e1 | 1 | P1 | 2024-01-02 | 2024-01-05 | community | check_in | kept"
BAD = "e2 | 1 | P1 | 2024-01-02 | 2024-01-05 | hospital | check_in | kept"


@pytest.fixture
def store(store_url):
    with Store.open(store_url) as opened:
        yield opened


@pytest.fixture
def send(store, tmp_path):
    def send(*rows, head=HEAD, name="events", day=MONDAY, **terms):
        folder = tmp_path / "delivery"
        folder.mkdir(exist_ok=True)
        file = folder / f"{name}.csv"
        table("\n".join([head, *rows])).to_csv(file, index=False)
        return ingest(file, store, received_on=day, **terms)

    return send


def fate(report, name="events"):
    (found,) = [told for told in report.tables if told.table == name]
    assert found.came == found.stored + found.unchanged + found.updated + found.quarantined
    return {key: n for key in ("stored", "unchanged", "updated", "quarantined") if (n := getattr(found, key))}


def test_sound_rows_are_stored_and_faulty_ones_quarantined_with_every_reason(send, store):
    report = send(KEPT, BAD, "e3 | 1 |  | soon |  | community | check_in | kept")
    assert fate(report) == {"stored": 1, "quarantined": 2}
    held = store.quarantine()
    assert held["row_number"].tolist() == [2, 3]
    assert json.loads(held.loc[1, "reasons"]) == ["person_id is missing", "occurred_on is not a date (YYYY-MM-DD)"]
    assert json.loads(held.loc[1, "raw"])["occurred_on"] == "soon"
    assert report.reasons()[0][0] == "events"


def test_the_same_file_on_the_same_day_is_a_batch_taken_in_before(send, store):
    first = send(KEPT, BAD)
    again = send(KEPT, BAD)
    assert again.repeated
    assert again.batch_no == first.batch_no
    assert fate(again) == {"unchanged": 1, "quarantined": 1}
    assert store.counts()["batches"] == 1


def test_the_same_file_on_another_day_changes_nothing(send, store):
    first = send(KEPT, BAD)
    before = store.counts()
    again = send(KEPT, BAD, day=TUESDAY)
    assert fate(again) == {"unchanged": 1, "quarantined": 1}
    assert again.state_digest == first.state_digest == store.state_digest()
    assert store.counts() == {**before, "batches": 2}


def test_a_batch_id_names_one_delivery(send):
    send(KEPT, batch_id="monday")
    assert send(KEPT, batch_id="monday", day=TUESDAY).repeated
    with pytest.raises(StoreError, match="other content"):
        send(BAD, batch_id="monday")


def test_a_mended_row_sent_again_is_stored(send, store):
    send(BAD)
    assert fate(send(BAD.replace("hospital", "community"))) == {"stored": 1}
    assert store.counts()["quarantine"] == 1  # what happened stays on record


def test_in_an_ordinary_batch_a_row_is_known_from_the_day_it_came(send, store):
    send(KEPT)
    assert store.read("events")["known_on"].tolist() == [days_since_epoch(MONDAY)]


def test_a_backfill_keeps_the_declared_day(send, store):
    send(KEPT, backfill=True)
    assert store.read("events")["known_on"].tolist() == [days_since_epoch(date(2024, 1, 5))]


def test_what_is_held_from_a_backfill_is_not_known_later_by_being_sent_again(send, store):
    send(KEPT, backfill=True)
    assert fate(send(KEPT)) == {"unchanged": 1}
    assert store.read("events")["known_on"].tolist() == [days_since_epoch(date(2024, 1, 5))]


@pytest.mark.parametrize("days", [("2024-01-05", "2024-01-03"), ("2024-01-03", "2024-01-05")])
def test_of_two_trusted_days_the_earlier_counts_whichever_came_first(send, store, days):
    first, second = (KEPT.replace("2024-01-05", day) for day in days)
    send(first, backfill=True)
    report = send(second, backfill=True, day=TUESDAY)
    assert fate(report) == ({"updated": 1} if days[1] < days[0] else {"unchanged": 1})
    assert store.read("events")["known_on"].tolist() == [days_since_epoch(date(2024, 1, 3))]


@pytest.mark.parametrize("backfill", [True, False])
def test_a_row_that_occurred_after_its_own_declared_day_is_quarantined_however_it_came(send, backfill):
    report = send(KEPT.replace("2024-01-05", "2024-01-01"), backfill=backfill)
    assert fate(report) == {"quarantined": 1}
    assert report.reasons() == [("events", "occurred_on is after known_on", 1)]


def test_a_row_that_claims_to_be_known_after_its_arrival_is_quarantined(send):
    report = send(KEPT.replace("2024-01-05", "2024-01-09"))
    assert report.reasons() == [("events", "known_on is after the day of arrival", 1)]


def test_effort_of_a_backfill_may_come_in_any_order(new_store_url, tmp_path):
    told = ["T1,2024-01-01,2024-01-02,5", "T1,2024-01-01,2024-01-03,6", "T1,2024-01-01,2024-01-04,5"]
    states = []
    for order in (told, told[::-1], [told[0], told[2], told[1]]):
        with Store.open(new_store_url()) as store:
            for row in order:
                (tmp_path / "effort.csv").write_text(f"area_id,week,known_on,tests\n{row}\n")
                ingest(tmp_path / "effort.csv", store, received_on=MONDAY, backfill=True)
            states.append(store.state_digest())
    assert states == [states[0]] * 3


def test_a_future_dated_row_waits_in_quarantine_and_is_taken_when_its_day_has_come(send):
    future = "e1 | 1 | P1 | 2024-01-09 |  | community | check_in | kept"
    assert fate(send(future)) == {"quarantined": 1}
    assert fate(send(future, day=TUESDAY)) == {"stored": 1}


def test_a_correction_is_a_new_revision_and_the_first_one_stays(send, store):
    send(KEPT)
    send(KEPT.replace("e1 | 1", "e1 | 2").replace("kept", "missed"), day=TUESDAY)
    held = store.person_events(["P1"])
    assert held[["revision", "outcome", "known_on"]].to_numpy().tolist() == [
        [1, "kept", days_since_epoch(MONDAY)],
        [2, "missed", days_since_epoch(TUESDAY)],
    ]


def test_revisions_may_arrive_out_of_order(send, store):
    send(KEPT.replace("e1 | 1", "e1 | 2"))
    assert fate(send(KEPT)) == {"stored": 1}


def test_another_content_under_a_held_revision_is_refused(send, store):
    send(KEPT)
    report = send(KEPT.replace("kept", "missed"))
    assert fate(report) == {"quarantined": 1}
    assert "send a correction as a new revision" in report.reasons()[0][1]
    assert store.person_events(["P1"])["outcome"].tolist() == ["kept"]


@pytest.mark.parametrize("together", [True, False])
def test_a_revision_cannot_move_an_event_to_another_person(send, together):
    moved = KEPT.replace("e1 | 1 | P1", "e1 | 2 | P2")
    if together:
        report = send(KEPT, moved)
    else:
        send(KEPT)
        report = send(moved)
    assert fate(report)["quarantined"] == 1
    assert "names another person" in report.reasons()[0][1]


def test_two_rows_of_one_key_in_two_files_conflict_whatever_the_order(store, tmp_path):
    table("\n".join([HEAD, KEPT])).to_csv(tmp_path / "events.csv", index=False)
    table("\n".join([HEAD, KEPT.replace("kept", "missed")])).to_parquet(tmp_path / "events.parquet")
    report = ingest(tmp_path, store, received_on=MONDAY)
    assert fate(report) == {"quarantined": 2}


def test_an_event_told_twice_without_an_id_counts_once_and_as_known_first(send, store):
    head = HEAD.removeprefix("event_id | revision | ")
    row = "P1 | 2024-01-02 | 2024-01-05 | community | check_in | kept"
    later = row.replace("01-05", "01-06")
    assert fate(send(later, row, row, head=head, backfill=True)) == {"stored": 1, "unchanged": 2}
    assert store.read("events")["known_on"].tolist() == [days_since_epoch(date(2024, 1, 5))]


def test_two_alike_incidents_are_two_and_sent_again_are_held(send):
    head, row = "occurred_on | kind | reported_by | area_id", "2024-01-02 | first_positive | service | T1"
    assert fate(send(row, row, head=head, name="incidents"), "incidents") == {"stored": 2}
    again = send(row, row, head=head, name="incidents", day=TUESDAY)
    assert fate(again, "incidents") == {"unchanged": 2}


def test_facts_are_replaced_by_newer_ones_and_unchanged_ones_add_nothing(send, store):
    head = "station_id | social_workers"
    one, two = "S1 | 2", "S2 | 3"
    assert fate(send(one, two, head=head, name="stations"), "stations") == {"stored": 2}
    changed = send(one.replace("2", "4"), two, head=head, name="stations", day=TUESDAY)
    assert fate(changed, "stations") == {"unchanged": 1, "updated": 1}
    assert store.counts()["stations"] == 2
    assert sorted(store.read("stations")["social_workers"]) == [3, 4]


def test_facts_fixed_at_registration_change_by_a_backfill_only(send, store):
    """They have no day of their own: changed today, they would change every score of the past."""
    head = "person_id | registered_on | sex | display_name | arm"
    one, two = "P1 | 2024-01-02 | male | 甲 | a", "P2 | 2024-01-02 | female | 乙 | a"
    assert fate(send(one, two, head=head, name="persons"), "persons") == {"stored": 2}
    changed, other = one.replace("male", "female"), two.replace("| a", "| b")
    refused = send(changed, other, head=head, name="persons", day=TUESDAY)
    assert fate(refused, "persons") == {"quarantined": 2}
    assert "--backfill" in refused.reasons()[0][1]
    assert store.person("P1")["sex"].tolist() == ["male"]
    renamed = send(one.replace("甲", "丙"), two, head=head, name="persons", day=TUESDAY)
    assert fate(renamed, "persons") == {"unchanged": 1, "updated": 1}
    put_right = send(changed, two, head=head, name="persons", day=TUESDAY, backfill=True)
    assert fate(put_right, "persons") == {"unchanged": 1, "updated": 1}
    assert store.person("P1")["sex"].tolist() == ["female"]


def test_effort_sent_again_adds_nothing_and_a_new_count_stands_beside_the_old(send, store):
    head, row = "area_id | week | tests", "T1 | 2024-01-01 | 5"
    send(row, head=head, name="effort")
    assert fate(send(row, head=head, name="effort", day=TUESDAY), "effort") == {"unchanged": 1}
    assert fate(send(row.replace("| 5", "| 6"), head=head, name="effort", day=TUESDAY), "effort") == {"stored": 1}
    assert store.read("effort")["tests"].tolist() == [5.0, 6.0]


def test_killed_at_any_moment_a_batch_is_held_whole_or_not_at_all(new_store_url, tmp_path):
    rows = "".join(f"P{n},2024-01-02,community,check_in,kept\n" for n in range(20_000))
    (tmp_path / "events.csv").write_text("person_id,occurred_on,source,kind,outcome\n" + rows)
    child = (
        "import sys; from datetime import date; from pathlib import Path\n"
        "from features.intake import ingest; from features.store import Store\n"
        "import pandera.pandas; store = Store.open(sys.argv[1]); print('ready', flush=True)\n"
        "ingest(Path(sys.argv[2]), store, received_on=date(2024, 1, 8)); print('done', flush=True)\n"
    )
    for delay in (0.1, 0.5, 0.9):
        url = new_store_url()
        command = [sys.executable, "-c", child, url, str(tmp_path / "events.csv")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]) as process:
            assert process.stdout.readline() == "ready\n"
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
            done = "done" in process.stdout.read()
        with Store.open(url) as store:
            counts = store.counts()
            assert counts["events"] == 20_000 * counts["batches"]
            assert counts["batches"] == 1 or not done
            ingest(tmp_path / "events.csv", store, received_on=MONDAY)
            assert store.counts()["events"] == 20_000


@pytest.mark.skipif(not CTN0027.is_dir(), reason=f"the trial's data are not at {CTN0027.name}: real intake is untested")
def test_a_real_trial_comes_in_whole_and_only_once(store):
    mapping = read_mapping("ctn0094")
    terms = {"mapping": mapping, "backfill": True}
    report = ingest(CTN0027, store, received_on=MONDAY, **terms)
    assert fate(report, "persons") == {"stored": 1_269}
    assert fate(report) == {"stored": 304_652 + 1_269}  # and a programme_start for each person
    assert report.unmapped == ("folds.csv",)
    events = store.read("events")
    opioid = events[(events["kind"] == "urine_test") & (events["substance"] == "opioid")]
    assert opioid["outcome"].value_counts().to_dict() == {"negative": 11_749, "positive": 9_209}
    assert fate(ingest(CTN0027, store, received_on=TUESDAY, **terms)) == {"unchanged": 304_652 + 1_269}
    assert store.state_digest() == report.state_digest


def test_events_that_came_before_their_person_wait_for_the_person(tmp_path):
    from features.history import History

    def take(name, text, store):
        (tmp_path / name).write_text(text)
        return ingest(tmp_path / name, store, backfill=True, received_on=date(2024, 3, 1))

    with Store.open_home(tmp_path / "home") as store:
        take("persons.csv", "person_id,registered_on\nP1,2024-01-01\n", store)
        report = take(
            "events.csv",
            "person_id,occurred_on,known_on,source,kind\nP1,2024-01-02,2024-01-02,community,plan\n"
            "P2,2024-01-02,2024-01-02,community,plan\n",
            store,
        )
        assert report.notes == (
            "events: 1 rows are of persons not registered yet; they are kept, and count once the person is.",
        )
        assert len(History.of(store.read("events"), store.read("persons"))) == 1
        (tmp_path / "persons.csv").unlink()
        take("persons.csv", "person_id,registered_on\nP2,2024-01-01\n", store)
        assert len(History.of(store.read("events"), store.read("persons"))) == 2


@pytest.mark.parametrize(("kind", "value"), [("absence", -5), ("dose", 1e308), ("leave", 4000), ("unheard_of", 1e13)])
def test_a_value_that_cannot_be_true_is_quarantined(tmp_path, kind, value):
    outcome = "taken" if kind == "dose" else ""
    (tmp_path / "events.csv").write_text(
        f"person_id,occurred_on,known_on,source,kind,outcome,value\nP1,2024-01-02,2024-01-02,community,{kind},{outcome},{value}\n"
    )
    with Store.open_home(tmp_path / "home") as store:
        report = ingest(tmp_path / "events.csv", store, backfill=True, received_on=date(2024, 3, 1))
    assert report.reasons() == [("events", "value cannot be true for the kind", 1)]


def test_a_misspelt_kind_is_kept_and_named(tmp_path):
    (tmp_path / "events.csv").write_text(
        "person_id,occurred_on,known_on,source,kind\nP1,2024-01-02,2024-01-02,community,seal_ed\n"
    )
    with Store.open_home(tmp_path / "home") as store:
        report = ingest(tmp_path / "events.csv", store, backfill=True, received_on=date(2024, 3, 1))
    assert any("seal_ed (1 rows)" in note for note in report.notes)


def test_a_misspelt_substance_is_kept_and_named(tmp_path):
    (tmp_path / "events.csv").write_text(
        "person_id,occurred_on,known_on,source,kind,outcome,substance\n"
        "P1,2024-01-02,2024-01-02,community,urine_test,positive,opoid\n"
    )
    with Store.open_home(tmp_path / "home") as store:
        report = ingest(tmp_path / "events.csv", store, backfill=True, received_on=date(2024, 3, 1))
    assert any("substances the vocabulary does not list: opoid (1 rows)" in note for note in report.notes)


def test_a_column_that_the_mapping_names_and_the_file_has_not_is_told_with_the_nearest(tmp_path):
    (tmp_path / "people.csv").write_text("who,geschlecht\nP1,F\n")
    (tmp_path / "mine.toml").write_text(
        """
        [[tables]]
        table = "persons"
        files = ["people.csv"]
        columns = [
            { name = "person_id", column = "who" },
            { name = "sex", column = "geschlect", translate = { F = "female" } },
            { name = "registered_on", constant = "2024-01-01" },
        ]
        """
    )
    with Store.open_home(tmp_path / "home") as store:
        report = ingest(
            tmp_path / "people.csv", store, mapping=read_mapping(tmp_path / "mine.toml"), received_on=date(2024, 3, 1)
        )
    assert report.notes == (
        "persons: the mapping names columns that are not in the file: geschlect; the nearest is geschlecht.",
    )
