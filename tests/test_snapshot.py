from datetime import date

import pandas as pd
import pyarrow.parquet as pq
import pytest

from features import tables
from features.errors import StoreError
from features.intake import ingest
from features.schema import TABLES
from features.snapshot import Snapshot, write_snapshot
from features.store import Store
from tests.tables import table

EVENTS = """event_id | person_id | occurred_on | source    | kind     | outcome
            z        | P1        | 2024-01-02  | community | check_in | kept
            b        | P2        | 2024-01-02  | community | check_in | kept
            a        | P1        | 2024-01-03  | community | check_in | missed"""


@pytest.fixture
def store(store_url, tmp_path):
    with Store.open(store_url) as opened:
        send(opened, tmp_path, EVENTS)
        yield opened


def send(store, tmp_path, text):
    table(text).to_csv(tmp_path / "events.csv", index=False)
    table("person_id | registered_on | arm\nP1 | 2024-01-01 | A").to_csv(tmp_path / "persons.csv", index=False)
    ingest(tmp_path, store, received_on=date(2024, 1, 8))


def test_a_snapshot_is_named_by_the_state_and_holds_every_table(store, tmp_path):
    snapshot = write_snapshot(store, tmp_path / "snapshots")
    assert snapshot.folder.name == snapshot.digest == store.state_digest()
    assert snapshot.counts == {**dict.fromkeys(TABLES, 0), "persons": 1, "events": 3}
    assert sorted(file.name for file in (tmp_path / "snapshots").iterdir()) == [snapshot.digest]  # nothing left aside


def test_a_snapshot_reads_like_the_store(store, tmp_path):
    snapshot = write_snapshot(store, tmp_path / "snapshots")
    for name in TABLES:
        pd.testing.assert_frame_equal(snapshot.read(name).head(0), store.read(name).head(0))
    assert snapshot.read("events")["event_id"].tolist() == ["z", "a", "b"]  # by person and day
    assert snapshot.read("persons")["arm"].tolist() == ["A"]


PERSONS = """person_id | registered_on | 级别 | points
            b         | 2024-01-01    | 1   | 2
            B         | 2024-01-01    | 2   |
            张        | 2024-01-01    | A   | 3.5
            ab        | 2024-01-01    |     | 4
            a-c       | 2024-01-01    | 3   | 5"""


def test_a_snapshot_in_many_small_parts_is_what_the_store_reads_in_order_of_bytes(store_url, tmp_path, monkeypatch):
    persons = table(PERSONS)
    persons.assign(points=persons["points"].astype(float)).to_parquet(tmp_path / "persons.parquet", index=False)
    events = [
        f"e{n} | {person} | 2024-01-0{n} | community | plan | {n}" for n in (3, 1, 2) for person in ("张", "b", "B")
    ]
    text = "\n".join(["event_id | person_id | occurred_on | source | kind | remark", *events])
    table(text).assign(event_id=lambda rows: rows["event_id"] + rows["person_id"]).to_csv(
        tmp_path / "events.csv", index=False
    )
    monkeypatch.setattr(tables, "ROWS_AT_ONCE", 2)
    with Store.open(store_url) as store:
        ingest(tmp_path, store, received_on=date(2024, 1, 8), backfill=True)
        snapshot = write_snapshot(store, tmp_path / "snapshots")
        for name, order in (("persons", ["person_id"]), ("events", ["person_id", "occurred_on"])):
            whole = store.read(name).sort_values(order, ignore_index=True)
            pd.testing.assert_frame_equal(snapshot.read(name), whole, check_exact=True)
    assert snapshot.read("persons")["person_id"].tolist() == ["B", "a-c", "ab", "b", "张"]
    assert snapshot.read("persons")["级别"].dtype == "str"  # one of its values is no number
    assert snapshot.read("persons")["points"].dtype == "float64"
    assert pq.ParquetFile(snapshot.folder / "events.parquet").num_row_groups == 5
    assert snapshot.seconds > 0


def test_what_comes_later_leaves_a_snapshot_as_it_was(store, tmp_path):
    before = write_snapshot(store, tmp_path / "snapshots")
    send(store, tmp_path, EVENTS + "\nnew | P1 | 2024-01-04 | community | check_in | kept")
    after = write_snapshot(store, tmp_path / "snapshots")
    assert len(Snapshot.open(before.folder).read("events")) == 3
    assert len(after.read("events")) == 4


def test_a_snapshot_that_is_there_is_used_again(store, tmp_path):
    first = write_snapshot(store, tmp_path / "snapshots")
    written = (first.folder / "events.parquet").stat().st_mtime_ns
    again = write_snapshot(store, tmp_path / "snapshots")
    assert again == first
    assert (again.folder / "events.parquet").stat().st_mtime_ns == written


@pytest.mark.parametrize("harm", ["change", "remove", "rename"])
def test_a_snapshot_that_was_changed_is_refused(store, tmp_path, harm):
    folder = write_snapshot(store, tmp_path / "snapshots").folder
    file = folder / "events.parquet"
    if harm == "change":
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    elif harm == "remove":
        file.unlink()
    else:
        folder = folder.rename(folder.with_name("0" * 64))
    with pytest.raises(StoreError, match="changed since it was written"):
        Snapshot.open(folder)


def test_a_folder_that_is_no_snapshot_is_refused(tmp_path):
    with pytest.raises(StoreError, match="no readable manifest"):
        Snapshot.open(tmp_path)


def test_both_databases_give_the_same_snapshot_to_the_byte(postgres_server, tmp_path):
    written = []
    for url in (f"sqlite:///{tmp_path / 'store.db'}", postgres_server.database()):
        with Store.open(url) as opened:
            send(opened, tmp_path, EVENTS)
            written.append(write_snapshot(opened, tmp_path / f"snapshots{len(written)}"))
    assert written[0].digest == written[1].digest
    assert dict(written[0].sha256) == dict(written[1].sha256)
