"""The record of answers: on disk before the answer, keyed hashes for persons, many writers at once, alarms."""

import sqlite3
import stat
import subprocess
import sys
import threading

import pytest

from serving.audit import verify
from serving.audit_chain import GENESIS, read_head
from serving.entries import UNUSUAL_VOLUME, Entry
from serving.problems import ProblemError
from serving.records import COLUMNS, Records
from serving.volume import CASELOAD, MOST_PERSONS_A_DAY

WRITER = """
import sys; from pathlib import Path; from serving.entries import Entry; from serving.records import Records
records = Records(Path(sys.argv[1]))
for each in range(50):
    records.write([Entry("2024-06-01", "key", "machine", "act", "scored", score_id=f"{sys.argv[2]}-{each}")])
"""
AT = "2024-06-01T10:00:00.000+00:00"
FAR = MOST_PERSONS_A_DAY["station_worker"]


def entry(score_id, *, outcome="scored", role="machine", at=AT, **other):
    return Entry(at, "key", role, "POST /v1/scores", outcome, score_id=score_id, **other)


def rows(path):
    with sqlite3.connect(path) as connection:
        found = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM audit ORDER BY seq").fetchall()
    return [dict(zip(COLUMNS, row, strict=True)) for row in found]


def test_what_was_written_is_read_back_by_another_connection(tmp_path):
    records = Records(tmp_path / "records.db")
    records.write([entry("a", risk=0.25), entry("b", outcome="sealed")])
    assert [(each["score_id"], each["outcome"], each["risk"]) for each in rows(records.path)] == [
        ("a", "scored", 0.25),
        ("b", "sealed", None),
    ]


def test_a_write_is_whole_or_not_at_all(tmp_path):
    records = Records(tmp_path / "records.db")
    records.write([entry("a")])
    with pytest.raises(ProblemError, match="record_failed"):
        records.write([entry("b"), entry("c", outcome=None)])
    records.write([entry("d")])
    assert [row["score_id"] for row in rows(records.path)] == ["a", "d"]
    assert verify(records.path).whole


def test_a_record_that_another_holds_too_long_is_a_problem(tmp_path):
    records = Records(tmp_path / "records.db", busy_seconds=0.05)
    holder = sqlite3.connect(records.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(ProblemError) as failed:
        records.write([entry("a")])
    assert failed.value.status == 503
    holder.execute("ROLLBACK")
    records.write([entry("a")])


def test_where_the_head_cannot_be_written_no_answer_leaves(tmp_path):
    records = Records(tmp_path / "records.db")
    (tmp_path / "records.head").mkdir()
    with pytest.raises(ProblemError, match="record_failed"):
        records.write([entry("a")])


# A record that was spoilt is not written on


def written(path, n=6):
    records = Records(path)
    for number in range(n):
        records.write([entry(str(number))])
    records.close()
    return path


def cut(path, *statements):
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("DROP TRIGGER audit_keeps_all")
        connection.execute("DROP TRIGGER audit_keeps_what_is")
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("left", [5, 4, 1, 0])
def test_a_truncation_is_not_covered_up_by_what_is_asked_afterwards(tmp_path, caplog, left):
    path = written(tmp_path / "records.db")
    before = verify(path).head
    cut(path, f"DELETE FROM audit WHERE seq > {left}")
    for _ in range(3):
        records = Records(path)  # nor by starting anew
        for number in range(9):
            with pytest.raises(ProblemError, match="record_failed") as refused:
                records.write([entry(f"after-{number}")])
            assert refused.value.status == 503
        records.close()
    assert len(rows(path)) == left
    assert read_head(path.with_suffix(".head")) == before
    assert verify(path).findings == (
        f"Entries {left + 1} to 6 are missing: a head kept outside names the last of them.",
    )
    assert f"records.head names entry 6, the newest there is {left}. " in caplog.text


def test_a_truncation_under_an_open_record_is_seen_by_the_next_write(tmp_path):
    path = written(tmp_path / "records.db")
    records = Records(path)
    records.write([entry("before")])
    cut(path, "DELETE FROM audit WHERE seq > 3")
    with pytest.raises(ProblemError, match="record_failed"):
        records.write([entry("after")])
    assert len(rows(path)) == 3


def test_entries_put_in_the_place_of_others_are_not_written_on(tmp_path, caplog):
    path = written(tmp_path / "records.db")
    cut(path, f"UPDATE audit SET link = '{'0' * 63}1' WHERE seq = 6")
    with pytest.raises(ProblemError, match="record_failed"):
        Records(path).write([entry("after")])
    assert "entry 6 is not the one that records.head names" in caplog.text


@pytest.mark.parametrize("content", [None, "", "nothing\n"])
def test_a_head_that_is_gone_is_not_made_anew(tmp_path, caplog, content):
    path = written(tmp_path / "records.db")
    path.with_suffix(".head").unlink()
    if content is not None:
        path.with_suffix(".head").write_text(content)
    with pytest.raises(ProblemError, match="record_failed"):
        Records(path).write([entry("after")])
    assert "records.head is gone or holds no head, yet there are 6 entries" in caplog.text


def test_a_record_that_is_gone_is_not_begun_anew_beside_its_head(tmp_path):
    path = written(tmp_path / "records.db")
    for file in tmp_path.glob("records.db*"):
        file.unlink()
    with pytest.raises(ProblemError, match="record_failed"):
        Records(path).write([entry("after")])


@pytest.mark.parametrize("behind", [1, 3, 6])
def test_a_head_that_a_crash_left_behind_is_made_up_for(tmp_path, behind):
    path = written(tmp_path / "records.db")
    with sqlite3.connect(path) as connection:
        links = [GENESIS, *(row[0] for row in connection.execute("SELECT link FROM audit ORDER BY seq"))]
    path.with_suffix(".head").write_text(
        f"{6 - behind:020} {links[6 - behind]}\n"
    )  # committed, then the lights went out
    Records(path).write([entry("after")])
    assert read_head(path.with_suffix(".head")) == verify(path).head
    assert verify(path).whole
    assert verify(path).entries == 6 + 1


def test_a_record_is_written_on_after_a_restart_and_by_two_at_once(tmp_path):
    path = written(tmp_path / "records.db")
    one, other = Records(path), Records(path)
    for records in (one, other, other, one):
        records.write([entry("more")])
    assert verify(path).findings == ()
    assert verify(path).entries == 6 + 4


def test_after_a_bug_others_can_write(tmp_path):
    records, other = Records(tmp_path / "records.db"), Records(tmp_path / "records.db", busy_seconds=0.05)
    with pytest.raises(AttributeError):
        records.write([object()])
    other.write([entry("a")])
    records.write([entry("b")])
    assert len(rows(records.path)) == 2


def test_a_bug_while_writing_for_others_lets_none_of_their_answers_leave(tmp_path):
    records = Records(tmp_path / "records.db")
    outcomes = []

    def write(what):
        try:
            records.write([what])
        except ProblemError as refused:
            outcomes.append(refused.code)
        except TypeError:
            outcomes.append("bug")

    with records._writing:  # both wait for one commit
        threads = [threading.Thread(target=write, args=[entry(each)]) for each in ("a", object())]
        for thread in threads:
            thread.start()
        while len(records._queue) < 2:
            pass
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["bug", "record_failed"]
    assert rows(records.path) == []


def test_those_who_wait_together_share_a_commit(tmp_path):
    records = Records(tmp_path / "records.db")
    threads = [threading.Thread(target=records.write, args=[[entry(str(number))]]) for number in range(8)]
    commits = []
    records._connection.set_trace_callback(lambda told: commits.append(told) if told == "COMMIT" else None)
    with records._writing:
        for thread in threads:
            thread.start()
        while len(records._queue) < 8:
            pass
    for thread in threads:
        thread.join()
    assert len(commits) == 1
    assert {row["score_id"] for row in rows(records.path)} == {str(number) for number in range(8)}
    assert verify(records.path).whole


def test_two_processes_write_at_once_and_their_entries_form_one_chain(tmp_path):
    path = tmp_path / "records.db"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in ("one", "two")]
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    assert len(rows(path)) == 2 * 50
    assert verify(path).findings == ()
    assert verify(path).head.seq == 2 * 50


def test_a_person_appears_as_a_hash_that_needs_the_key(tmp_path):
    here, elsewhere = Records(tmp_path / "records.db"), Records(tmp_path / "other.db")
    assert here.hash_of("P1") == Records(tmp_path / "records.db").hash_of("P1")
    assert here.hash_of("P1") != here.hash_of("P2")
    assert here.hash_of("P1") != elsewhere.hash_of("P1")


def test_only_the_owner_may_read_the_record(tmp_path):
    path = tmp_path / "records.db"
    path.touch(0o644)
    records = Records(path)
    records.write([entry("a")])
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    assert set(modes) == {"records.db", "records.db-wal", "records.db-shm", "records.key", "records.head"}
    assert set(modes.values()) == {0o600}
    assert len((tmp_path / "records.key").read_bytes()) == 32


# Unusual volume


def asked(records, numbers, **other):
    records.write([entry(None, role="station_worker", person_hash=f"h{number}", **other) for number in numbers])


def alarms(records):
    return [row for row in rows(records.path) if row["outcome"] == UNUSUAL_VOLUME]


def test_reading_far_beyond_a_caseload_raises_one_alarm_a_day(tmp_path):
    records = Records(tmp_path / "records.db")
    assert FAR == 3 * CASELOAD
    asked(records, range(FAR))
    asked(records, range(FAR))  # the same persons once more are no more persons
    assert alarms(records) == []
    asked(records, [FAR])
    asked(records, range(FAR + 1, 5 * FAR))
    assert [(row["actor"], row["at"], row["detail"]) for row in alarms(records)] == [
        ("key", AT, f"{FAR + 1} persons in a day, {FAR} are usual at most")
    ]
    assert verify(records.path).alarms == ((2 * FAR + 2, "2024-06-01"),)


def test_another_day_starts_a_new_count_and_a_batch_counts_its_persons(tmp_path):
    records = Records(tmp_path / "records.db")
    asked(records, range(FAR))
    asked(records, range(FAR, FAR + 10), at="2024-06-02T00:00:00.000+00:00")
    assert alarms(records) == []
    asked(records, range(1000), at="2024-06-03T00:00:00.000+00:00")
    assert len(alarms(records)) == 1


def test_systems_that_score_whole_cities_raise_no_alarm(tmp_path):
    records = Records(tmp_path / "records.db")
    records.write([entry(None, person_hash=f"h{number}") for number in range(1000)])
    assert alarms(records) == []
