"""The record of answers: on disk before the answer, keyed hashes for persons, two writers at once."""

import sqlite3
import stat
import subprocess
import sys

import pytest

from serving.problems import ProblemError
from serving.records import COLUMNS, Entry, Records

WRITER = """
import sys; from pathlib import Path; from serving.records import Entry, Records
records = Records(Path(sys.argv[1]))
for each in range(50):
    records.write([Entry(f"{sys.argv[2]}-{each}", "2024-06-01", "review", None, "2024-06-01", "scored", "en", 1)])
"""


def entry(score_id, **other):
    told = {"at": "2024-06-01T10:00:00.000+00:00", "purpose": "review", "person_hash": "h", "as_of": "2024-06-01"}
    return Entry(score_id=score_id, **{**told, "outcome": "scored", "language": "en", "inline": 0, **other})


def rows(path):
    with sqlite3.connect(path) as connection:
        return connection.execute(f"SELECT {', '.join(COLUMNS)} FROM scores ORDER BY score_id").fetchall()


def test_what_was_written_is_read_back_by_another_connection(tmp_path):
    records = Records(tmp_path / "records.db")
    records.write([entry("a", risk=0.25), entry("b", outcome="sealed")])
    told = [dict(zip(COLUMNS, row, strict=True)) for row in rows(tmp_path / "records.db")]
    assert [(each["score_id"], each["outcome"], each["risk"]) for each in told] == [
        ("a", "scored", 0.25),
        ("b", "sealed", None),
    ]


def test_a_write_is_whole_or_not_at_all(tmp_path):
    records = Records(tmp_path / "records.db")
    records.write([entry("a")])
    with pytest.raises(ProblemError, match="record_failed"):
        records.write([entry("b"), entry("a")])
    records.write([entry("c")])
    assert [row[0] for row in rows(tmp_path / "records.db")] == ["a", "c"]


def test_a_record_that_another_holds_too_long_is_a_problem(tmp_path):
    records = Records(tmp_path / "records.db", busy_seconds=0.05)
    holder = sqlite3.connect(tmp_path / "records.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(ProblemError) as failed:
        records.write([entry("a")])
    assert failed.value.status == 503
    holder.execute("ROLLBACK")
    records.write([entry("a")])


def test_two_processes_write_at_once_and_nothing_is_lost(tmp_path):
    path = tmp_path / "records.db"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in ("one", "two")]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    assert len(rows(path)) == 2 * 50


def test_a_person_appears_as_a_hash_that_needs_the_key(tmp_path):
    here, elsewhere = Records(tmp_path / "records.db"), Records(tmp_path / "other.db")
    assert here.hash_of("P1") == Records(tmp_path / "records.db").hash_of("P1")
    assert here.hash_of("P1") != here.hash_of("P2")
    assert here.hash_of("P1") != elsewhere.hash_of("P1")


def test_only_the_owner_may_read_the_record(tmp_path):
    path = tmp_path / "records.db"
    path.touch(0o644)
    Records(path).write([entry("a")])
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.glob("records.db*")}
    assert set(modes) == {"records.db", "records.db-wal", "records.db-shm"}
    assert set(modes.values()) == {0o600}


def test_only_the_owner_may_read_the_key(tmp_path):
    Records(tmp_path / "records.db")
    key = tmp_path / "records.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_bytes()) == 32
    assert sorted(path.name for path in tmp_path.glob("records.key*")) == ["records.key"]
