import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from features.digest import EMPTY
from features.errors import StoreError
from features.intake import ingest
from features.snapshot import write_snapshot
from features.store import PERSON_EVENTS, Store, newest_digest, read
from features.tables import METADATA, REVISION
from tests import postgres
from tests.tables import table

MONDAY = date(2024, 1, 8)
PERSONS = """person_id | display_name | registered_on | arm | site
             P1        | 甲           | 2024-01-02    | A   | 7
             P2        | 乙           | 2024-01-03    |     | 8"""


def send(store, folder, **tables):
    folder.mkdir(exist_ok=True)
    for name, frame in tables.items():
        frame.to_parquet(folder / f"{name}.parquet")
    return ingest(folder, store, received_on=MONDAY, backfill=True)


def test_a_home_may_have_any_name(tmp_path):
    with Store.open_home(tmp_path / "a home %20"):
        assert (tmp_path / "a home %20" / "store.db").is_file()


def test_a_new_store_is_empty_and_says_so(store_url):
    with Store.open(store_url) as store:
        assert set(store.counts().values()) == {0}
        assert store.state_digest() == EMPTY
        assert store.person("P1").empty
        assert tuple(store.person_events(["P1"])) == PERSON_EVENTS


def test_the_migrations_make_the_tables_that_the_code_uses(store_url):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with Store.open(store_url) as store, store.reading() as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == REVISION
        assert compare_metadata(context, METADATA) == []


def test_sqlite_keeps_what_it_acknowledged(tmp_path):
    with Store.open_home(tmp_path) as store, store.reading() as connection:
        asked = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2}  # 2 is FULL


def test_a_store_without_tables_is_refused_when_it_may_not_be_migrated(store_url):
    with pytest.raises(StoreError, match="migrate=True"):
        Store.open(store_url, migrate=False)


def test_a_store_of_a_newer_version_is_refused(store_url):
    with Store.open(store_url) as store, store.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match="newer version"):
        Store.open(store_url)


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////no/such/folder/store.db", "oracle9://x"])
def test_a_store_that_cannot_be_opened_is_the_users_to_mend(url):
    with pytest.raises(StoreError):
        Store.open(url)


def test_a_file_that_is_no_database_is_the_users_to_mend(tmp_path):
    (tmp_path / "store.db").write_text("not a database" * 100)
    with pytest.raises(StoreError, match="must be a database"):
        Store.open_home(tmp_path)


def test_a_person_has_facts_with_extra_columns_and_a_name(store_url, tmp_path):
    with Store.open(store_url) as store:
        send(store, tmp_path / "in", persons=table(PERSONS).astype({"site": "int64"}))
        (facts,) = store.person("P1").to_dict("records")
        assert (facts["display_name"], facts["arm"], facts["site"]) == ("甲", "A", 7.0)


def test_no_bulk_read_carries_names(store_url, tmp_path):
    with Store.open(store_url) as store:
        send(store, tmp_path / "in", persons=table(PERSONS))
        persons = store.read("persons")
    assert "display_name" not in persons
    assert persons["arm"].fillna("").tolist() == ["A", ""]


def test_events_of_some_persons_come_by_person_and_day(store_url, tmp_path):
    events = table("""event_id | person_id | occurred_on | known_on   | source    | kind     | outcome
                      a        | P2        | 2024-01-02  | 2024-01-02 | community | check_in | kept
                      b        | P1        | 2024-01-05  | 2024-01-05 | community | check_in | kept
                      c        | P1        | 2024-01-02  | 2024-01-03 | community | check_in | missed
                      d        | P3        | 2024-01-02  | 2024-01-03 | community | check_in | missed""")
    with Store.open(store_url) as store:
        send(store, tmp_path / "in", events=events)
        held = store.person_events(["P2", "P1"])
    assert held["event_id"].tolist() == ["c", "b", "a"]
    assert held.dtypes[["occurred_on", "retracted", "value", "kind"]].astype(str).tolist() == [
        "int64",
        "bool",
        "float64",
        "str",
    ]


def test_a_replaced_fact_leaves_the_digest_of_the_new_one_alone(new_store_url, tmp_path):
    persons = table(PERSONS)
    changed = persons.assign(arm="C")
    with Store.open(new_store_url()) as store:
        first = send(store, tmp_path / "in", persons=persons).state_digest
        replaced = send(store, tmp_path / "in", persons=changed).state_digest
    with Store.open(new_store_url()) as store:
        assert send(store, tmp_path / "in", persons=changed).state_digest == replaced != first != EMPTY


def delete_then_fail(store):
    with store.writing() as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
        connection.execute(sa.text("DELETE FROM no_such_table"))


def test_a_write_that_fails_leaves_nothing(store_url):
    with Store.open(store_url) as store:
        with pytest.raises(sa.exc.DatabaseError):
            delete_then_fail(store)
        with store.reading() as connection:
            assert connection.execute(sa.text("SELECT count(*) FROM alembic_version")).scalar() == 1


def test_a_reader_sees_one_state_whatever_is_written_meanwhile(store_url, tmp_path):
    with Store.open(store_url) as store, Store.open(store_url) as other:
        with store.reading() as connection:
            assert newest_digest(connection) == EMPTY
            written = send(other, tmp_path / "in", persons=table(PERSONS)).state_digest
            assert newest_digest(connection) == EMPTY
            assert read(connection, "persons").empty
        assert store.state_digest() == written != EMPTY


def test_a_writer_waits_for_another_and_gives_up_with_a_sentence(store_url, monkeypatch):
    monkeypatch.setattr("features.store.PATIENCE_SECONDS", 0.2)
    with Store.open(store_url) as store, Store.open(store_url) as other, store.writing():
        with pytest.raises(StoreError, match="another writer"), other.writing():
            pass
        assert other.state_digest() == EMPTY  # and readers never wait


def test_two_who_open_a_new_store_at_once_both_find_its_tables(store_url):
    def opened(_):
        with Store.open(store_url) as store:
            return store.counts()["batches"]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(opened, range(4))) == [0] * 4


def test_a_server_that_went_away_is_no_bug_of_ours():
    with tempfile.TemporaryDirectory(prefix="waystation-", ignore_cleanup_errors=True) as folder:
        if postgres.binaries() is None:
            pytest.skip(postgres.ABSENT)
        with postgres.running(Path(folder)) as server:
            store = Store.open(server.database())
        with pytest.raises(StoreError, match="the server must answer"):
            store.state_digest()
        store.close()


def test_a_store_that_breaks_while_open_is_no_bug_of_ours(store_url, tmp_path):
    with Store.open(store_url) as store:
        with store.writing() as connection:
            connection.execute(sa.text("DROP TABLE events"))
        with pytest.raises(StoreError, match="could not be read"):
            store.person_events(["P1"])


events = st.lists(
    st.tuples(
        st.integers(0, 3),  # person
        st.integers(0, 40),  # day
        st.sampled_from(["kept", "missed"]),
        st.one_of(st.none(), st.floats(-1e6, 1e6)),
    ),
    min_size=1,
    max_size=12,
)


def as_events(rows):
    day = date(2023, 1, 1)
    return pd.DataFrame(
        {
            "person_id": [f"P{person}" for person, _, _, _ in rows],
            "occurred_on": [(day + timedelta(days=on)).isoformat() for _, on, _, _ in rows],
            "known_on": [(day + timedelta(days=on + person)).isoformat() for person, on, _, _ in rows],
            "source": "community",
            "kind": "check_in",
            "outcome": [outcome for _, _, outcome, _ in rows],
            "value": pd.Series([value for *_, value in rows], dtype="float64"),
        }
    )


@settings(max_examples=10, deadline=None)
@given(rows=events, order=st.randoms(use_true_random=False), cut=st.integers(0, 12))
def test_order_and_batches_of_arrival_change_neither_digest_nor_snapshot(rows, order, cut):
    shuffled = order.sample(rows, len(rows))
    with tempfile.TemporaryDirectory() as folder:
        told = []
        for name, batches in (("once", [rows]), ("parts", [shuffled[:cut], shuffled[cut:]])):
            home = Path(folder) / name
            with Store.open_home(home) as store:
                for batch in filter(None, batches):
                    send(store, home / "in", events=as_events(batch))
                snapshot = write_snapshot(store, home / "snapshots")
                told.append((store.state_digest(), snapshot.sha256, (snapshot.folder / "events.parquet").read_bytes()))
    assert told[0] == told[1]
