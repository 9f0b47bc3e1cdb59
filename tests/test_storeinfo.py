import json
from datetime import date

from typer.testing import CliRunner

from features.intake import ingest
from features.snapshot import write_snapshot
from features.store import Store
from features.storeinfo import Period, describe
from tests.tables import table
from waystation import app

EVENTS = """event_id | revision | person_id | occurred_on | known_on   | source    | kind     | outcome
            e1       | 1        | P1        | 2024-01-02  | 2024-01-03 | community | check_in | kept
            e1       | 2        | P1        | 2024-01-01  | 2024-01-05 | community | check_in | kept
            e2       | 1        | P2        | 2024-01-04  | 2024-01-04 | community | check_in | kept
            e3       | 1        | P3        | 2024-01-04  | 2024-01-04 | hospital  | check_in | never"""


def test_an_empty_store_says_so(store_url, tmp_path):
    with Store.open(store_url) as store:
        info = describe(store, tmp_path)
    assert [each.rows for each in info.tables] == [0] * 7
    assert (info.batches.batches, info.batches.received_on) == (0, Period(None, None))
    assert (info.persons_with_events, dict(info.quarantined), info.snapshots.snapshots) == (0, {}, 0)


def test_it_tells_rows_days_batches_quarantine_and_snapshots(store_url, tmp_path):
    with Store.open(store_url) as store:
        table(EVENTS).to_csv(tmp_path / "events.csv", index=False)
        ingest(tmp_path / "events.csv", store, received_on=date(2024, 1, 8), backfill=True)
        ingest(tmp_path / "events.csv", store, received_on=date(2024, 1, 9))
        snapshot = write_snapshot(store, tmp_path / "snapshots")
        info = describe(store, tmp_path / "snapshots")
    events = next(each for each in info.tables if each.table == "events")
    assert events.rows == 3
    assert events.days == {
        "occurred_on": Period(date(2024, 1, 1), date(2024, 1, 4)),
        "known_on": Period(date(2024, 1, 3), date(2024, 1, 5)),
    }
    assert info.persons_with_events == 2
    assert (info.batches.batches, info.batches.backfills) == (2, 1)
    assert info.batches.received_on == Period(date(2024, 1, 8), date(2024, 1, 9))
    assert [list(reasons.values()) for reasons in info.quarantined.values()] == [[1, 1]]
    assert info.sentences()[0].startswith("quarantined from events: 1 rows: ")
    assert info.state_digest == snapshot.digest
    assert info.snapshots.snapshots == 1
    assert info.snapshots.size_bytes == sum(file.stat().st_size for file in snapshot.folder.iterdir())
    assert info.size_bytes > 10_000


def test_what_is_printed_and_written_names_no_person(store_url, tmp_path):
    with Store.open(store_url) as store:
        table(EVENTS).to_csv(tmp_path / "events.csv", index=False)
        ingest(tmp_path / "events.csv", store, received_on=date(2024, 1, 8))
        info = describe(store, tmp_path)
    told = json.dumps([info.to_plain(), info.lines(), info.sentences()])
    assert not any(person in told for person in ("P1", "P2", "P3"))
    assert info.to_plain()["tables"][1]["days"]["known_on"]["last"] == "2024-01-08"


def test_the_command_line_prints_and_writes_it(store_url, tmp_path, monkeypatch):
    monkeypatch.setenv("WAYSTATION_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("BENTOML_HOME", "")
    monkeypatch.setenv("WAYSTATION_STORE_URL", store_url)
    with Store.open(store_url) as store:
        table(EVENTS).to_csv(tmp_path / "events.csv", index=False)
        ingest(tmp_path / "events.csv", store, received_on=date(2024, 1, 8))
    run = CliRunner().invoke(app, ["store", "info", "--json", str(tmp_path / "info.json")])
    assert run.exit_code == 0, run.output
    assert "2024-01-01 to 2024-01-04" in run.output
    assert json.loads((tmp_path / "info.json").read_text())["batches"]["batches"] == 1
    run = CliRunner().invoke(app, ["store", "quarantine", "--out", str(tmp_path / "mend.csv")])
    assert run.exit_code == 0, run.output
    assert (tmp_path / "mend.csv").read_text(encoding="utf-8-sig").splitlines()[1].startswith('"events: ')
