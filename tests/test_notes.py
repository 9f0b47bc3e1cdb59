"""What people say back: kept once, never changed, in a file of its own that only the owner may read."""

import json
import multiprocessing
import sqlite3
import stat

import pytest

from serving.notes import Note, Notes, Once
from serving.problems import ProblemError

AT = "2024-06-01T08:00:00.000+00:00"


@pytest.fixture
def notes(tmp_path):
    return Notes(tmp_path / "feedback.db")


def note(note_id="n1", kind="comment", **other):
    given = {"at": AT, "actor": "a", "role": "station_worker", "station": "S1", "person_id": "P1", **other}
    return Note(note_id=note_id, kind=kind, **given)


def add(notes, made, *, key=None, digest="d"):
    return notes.add(Once("a", "POST /v1/feedback", key or f"key-{made.note_id}", digest), lambda: made)


def holding(notes, as_of):
    return [decision.note.note_id for decision in notes.holding(as_of)]


def test_what_was_kept_is_read_again_the_newest_first(notes):
    first, second = add(notes, note("n1")), add(notes, note("n2", content=json.dumps({"text": "重新见面"})))
    assert notes.of_person("P1") == [second, first]
    assert notes.note("n2").told == {"text": "重新见面"}
    assert notes.note("n3") is None
    assert notes.of_person("P2") == []


def test_the_same_write_twice_is_kept_once_and_another_under_its_key_is_refused(notes):
    first = add(notes, note("n1"), key="k")
    assert add(notes, note("n2"), key="k") == first
    with pytest.raises(ProblemError) as refused:
        add(notes, note("n3"), key="k", digest="other")
    assert refused.value.code == "key_used_before"
    assert [each.note_id for each in notes.of_person("P1")] == ["n1"]
    assert notes.add(Once("b", "POST /v1/feedback", "k", "other"), lambda: note("n4")).note_id == "n4"  # another's key
    assert notes.add(Once("a", "POST /v1/corrections", "k", "other"), lambda: note("n5")).note_id == "n5"


@pytest.mark.parametrize("table", ["notes", "kept_answers"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET note_id = 'other'"])
def test_nothing_kept_is_changed_or_removed(notes, table, change):
    add(notes, note())
    with sqlite3.connect(notes.path) as connection, pytest.raises(sqlite3.IntegrityError, match="kept"):
        connection.execute(change.format(table))


def test_the_file_is_the_owners_alone(notes):
    add(notes, note())
    files = list(notes.path.parent.glob("feedback.db*"))
    assert len(files) > 1
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_note_that_cannot_be_made_leaves_no_key_behind(notes):
    def refuse():
        raise ProblemError("state_passed")

    once = Once("a", "act", "key", "d")
    with pytest.raises(ProblemError):
        notes.add(once, refuse)
    assert notes.add(once, note).note_id == "n1"


def test_a_decision_holds_from_its_day_to_its_last_until_it_is_lifted(notes):
    add(notes, note("n1", "override", until="2024-06-20"))
    add(notes, note("n2", "snooze", until="2024-06-10"))
    add(notes, note("n3", "comment"))
    days = ("2024-05-31", "2024-06-01", "2024-06-10", "2024-06-11", "2024-06-20", "2024-06-21")
    assert [holding(notes, day) for day in days] == [[], ["n1", "n2"], ["n1", "n2"], ["n1"], ["n1"], []]
    add(notes, note("n4", "review", state="confirmed", about="n1", at="2024-06-05T08:00"))
    assert holding(notes, "2024-06-11") == ["n1"]
    add(notes, note("n5", "review", state="lifted", about="n1", at="2024-06-06T08:00"))
    assert holding(notes, "2024-06-11") == []
    assert holding(notes, "2024-06-05") == ["n1", "n2"]  # it was not lifted then


def test_a_file_that_cannot_be_written_refuses_and_tells_nothing(notes):
    notes._connection.execute("PRAGMA query_only = 1")
    with pytest.raises(ProblemError) as refused:
        add(notes, note())
    assert (refused.value.code, refused.value.status) == ("notes_unavailable", 503)


def _write(path, number):
    notes = Notes(path)
    for each in range(20):
        add(notes, note(f"n{number}-{each}"), key=f"shared-{each}")


def test_processes_that_write_the_same_at_once_keep_it_once(notes):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_write, args=(notes.path, number)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(notes.of_person("P1")) == 20
