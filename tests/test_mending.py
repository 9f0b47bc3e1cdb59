import json
from datetime import date

import pandas as pd
import pytest

from features.errors import ConfigError
from features.intake import ingest
from features.mapping import read_mapping
from features.mending import LINE, REASONS, ROW, to_mend
from features.spreadsheets import write_csv
from features.store import Store

MONDAY, TUESDAY = date(2024, 1, 8), date(2024, 1, 9)
EVENTS = """event_id,person_id,occurred_on,source,kind,outcome,远
e1,P1,2024-01-02,community,check_in,kept,是
e2,P1,2024-01-03,hospital,check_in,never,"a, b"
e3,P2
e4,P2,soon,community,check_in,kept,
"""


@pytest.fixture
def store(store_url):
    with Store.open(store_url) as opened:
        yield opened


def send(store, file, day, **terms):
    (report,) = ingest(file, store, received_on=day, **terms).tables
    return {name: n for name in ("stored", "unchanged", "updated", "quarantined") if (n := getattr(report, name))}


def exported(store, file):
    write_csv(to_mend(store.quarantine()), file)
    return pd.read_csv(file, dtype="str")


def test_quarantined_rows_come_with_their_columns_and_every_reason(store, tmp_path):
    (tmp_path / "events.csv").write_text(EVENTS)
    assert send(store, tmp_path / "events.csv", MONDAY) == {"stored": 1, "quarantined": 3}
    rows = exported(store, tmp_path / "out.csv")
    assert list(rows) == [REASONS, ROW, LINE, *EVENTS.split("\n", maxsplit=1)[0].split(",")]
    assert rows[ROW].tolist() == ["2", "3", "4"]
    assert rows[REASONS][0].startswith("events: source is not one of")
    assert rows[REASONS][0].endswith("events: outcome does not belong to the kind")
    assert rows.loc[0, "远"] == "a, b"
    assert rows[LINE].fillna("").tolist() == ["", "e3,P2", ""]


def test_a_cell_that_a_spreadsheet_would_run_comes_back_as_it_was_sent(store, tmp_path):
    (tmp_path / "persons.csv").write_text("person_id,registered_on,=note\n=P1,never,@home\n")
    send(store, tmp_path / "persons.csv", MONDAY)
    rows = exported(store, tmp_path / "persons.csv")
    assert rows.loc[0, ["person_id", "'=note"]].tolist() == ["'=P1", "'@home"]
    rows.assign(registered_on="2024-01-02").to_csv(tmp_path / "persons.csv", index=False)
    assert send(store, tmp_path / "persons.csv", TUESDAY) == {"stored": 1}
    assert store.read("persons")[["person_id", "=note"]].iloc[0].tolist() == ["=P1", "@home"]


def test_mended_rows_sent_again_are_stored_and_the_others_wait_once(store, tmp_path):
    (tmp_path / "events.csv").write_text(EVENTS)
    send(store, tmp_path / "events.csv", MONDAY)
    before = store.quarantine()
    rows = exported(store, tmp_path / "events.csv")
    rows.loc[0, ["source", "outcome"]] = ["community", "missed"]
    rows.to_csv(tmp_path / "events.csv", index=False)
    assert send(store, tmp_path / "events.csv", TUESDAY) == {"stored": 1, "quarantined": 1}  # the line is dropped
    pd.testing.assert_frame_equal(store.quarantine(), before)
    assert json.loads(store.read("events").set_index("event_id").reindex(["e1", "e2"]).to_json())["远"] == {
        "e1": "是",
        "e2": "a, b",
    }


def test_all_rows_mended_give_the_store_that_sound_rows_would_have_given(new_store_url, tmp_path):
    states = []
    for mended in (True, False):
        with Store.open(new_store_url()) as store:
            sound = "\n".join(
                [
                    "event_id,person_id,occurred_on,source,kind,outcome,note",
                    "e1,P1,2024-01-02,community,check_in,kept,x",
                ]
            )
            faulty = sound.replace("2024-01-02", "yesterday")
            (tmp_path / "events.csv").write_text(faulty if mended else sound)
            send(store, tmp_path / "events.csv", TUESDAY)
            if mended:
                rows = exported(store, tmp_path / "events.csv").assign(occurred_on="2024-01-02")
                rows.to_csv(tmp_path / "events.csv", index=False)
                assert send(store, tmp_path / "events.csv", TUESDAY) == {"stored": 1}
            states.append(store.state_digest())
    assert states[0] == states[1]


def test_days_and_whole_numbers_of_parquet_can_be_sent_again_as_text(store, tmp_path):
    rows = pd.DataFrame(
        {
            "event_id": [7.0, 8.0],
            "person_id": ["P1", "P1"],
            "occurred_on": pd.to_datetime(["2024-01-02", "2024-01-03"]),
            "source": ["community", "hospital"],
            "kind": "check_in",
            "outcome": "kept",
        }
    )
    rows.to_parquet(tmp_path / "events.parquet")
    assert send(store, tmp_path / "events.parquet", MONDAY) == {"stored": 1, "quarantined": 1}
    exported(store, tmp_path / "events.csv").assign(source="community").to_csv(tmp_path / "events.csv", index=False)
    assert send(store, tmp_path / "events.csv", TUESDAY) == {"stored": 1}
    assert sorted(store.read("events")["event_id"]) == ["7", "8"]


def test_a_row_that_feeds_two_tables_is_mended_once(store, tmp_path):
    mapping = read_mapping("ctn0094")
    (tmp_path / "persons.csv").write_text("who,age,sex\nP1,30,F\n\x01,41,M\n")
    report = ingest(tmp_path / "persons.csv", store, received_on=MONDAY, mapping=mapping, backfill=True)
    assert [table.quarantined for table in report.tables] == [1, 1]
    rows = to_mend(store.quarantine())
    assert len(rows) == 1
    assert {reason.split(":")[0] for reason in rows[REASONS][0].split("; ")} == {"persons", "events"}


def test_several_sources_are_written_one_at_a_time(store, tmp_path):
    for name in ("events", "persons"):
        (tmp_path / f"{name}.csv").write_text(f"{EVENTS.splitlines()[0]},registered_on\n{',' * 7}\n")
    ingest(tmp_path, store, received_on=MONDAY)
    with pytest.raises(ConfigError, match=r"events\.csv, persons\.csv"):
        to_mend(store.quarantine())
    with pytest.raises(ConfigError, match="no row of that file"):
        to_mend(store.quarantine(), "areas.csv")
    assert to_mend(store.quarantine(), "persons.csv")[REASONS].str.startswith("persons: ").tolist() == [True]


def test_an_empty_quarantine_gives_no_rows(store):
    assert to_mend(store.quarantine()).empty
