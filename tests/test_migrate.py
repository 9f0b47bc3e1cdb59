"""A store made by the first version: its rows (tests/first_store.json) were written by that version itself."""

import json
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from features.errors import StoreError
from features.intake import ingest
from features.migrate import bring_to, revision
from features.store import Store
from features.tables import REVISION

ROWS = json.loads((Path(__file__).parent / "first_store.json").read_text())
DIGEST = ROWS["batches"][0]["state_digest"]
DELIVERY = """event_id,revision,person_id,occurred_on,known_on,source,kind,outcome
e1,1,P1,2024-01-02,2024-01-05,community,check_in,kept
e1,2,P1,2024-01-02,2024-01-06,community,check_in,missed
"""


def as_stored(row):
    return {name: bytes.fromhex(cell) if name == "row_digest" else cell for name, cell in row.items()}


@pytest.fixture
def first_store(store_url):
    """The URL of a store with the tables and the rows of the first version."""
    engine = sa.create_engine(store_url)
    with engine.begin() as connection:
        bring_to(connection, "0001")
        tables = sa.MetaData()
        tables.reflect(connection)
        for name, rows in ROWS.items():
            connection.execute(sa.insert(tables.tables[name]), [as_stored(row) for row in rows])
        assert revision(connection) == "0001" < REVISION
    engine.dispose()
    return store_url


def test_a_store_of_the_first_version_is_brought_up_to_date_with_its_rows_intact(first_store):
    with Store.open(first_store) as store:
        assert store.state_digest() == DIGEST
        events = store.person_events(["P1"])
        assert events[["revision", "known_on", "outcome"]].to_numpy().tolist() == [
            [1, 19727, "kept"],
            [2, 19728, "missed"],
        ]
        assert store.person("P1")[["sex", "registered_on", "arm"]].to_numpy().tolist() == [["male", 19724, "A"]]
        assert json.loads(store.quarantine()["reasons"][0])[0].startswith("source is not one of")
        with store.reading() as connection:
            assert revision(connection) == REVISION


def test_what_the_first_version_held_is_still_known_as_held(first_store, tmp_path):
    (tmp_path / "events.csv").write_text(DELIVERY)
    with Store.open(first_store) as store:
        report = ingest(tmp_path / "events.csv", store, received_on=date(2024, 1, 9))
        assert (report.tables[0].unchanged, report.batch_no, report.state_digest) == (2, 2, DIGEST)


def test_an_old_store_is_left_alone_where_it_may_not_be_migrated(first_store):
    with pytest.raises(StoreError, match="0001"):
        Store.open(first_store, migrate=False)
    engine = sa.create_engine(first_store)
    with engine.connect() as connection:
        assert revision(connection) == "0001"
    engine.dispose()


def test_an_up_to_date_store_opens_while_another_writes(store_url):
    with Store.open(store_url) as writer, writer.writing(), Store.open(store_url) as reader:
        assert reader.counts()["batches"] == 0
