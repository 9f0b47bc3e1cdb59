"""What waits for a lead's word: which of all that was said, in which order, and for whom."""

import json
from datetime import date

import pytest

from serving.guard import Visit
from serving.notes import Note, Notes, Once
from serving.roles import Caller
from serving.to_review import ToReview, to_review

TODAY = date(2024, 6, 10)
WORKER, LEAD = "station_worker", "station_lead"
OPINION = {"score_id": "s", "agrees": True}
OVERRIDE = {"level": "light", "reason_code": "other"}
SNOOZE = {"reason_code": "other"}


@pytest.fixture
def notes(tmp_path):
    return Notes(tmp_path / "feedback.db")


def say(notes, note_id, kind, *, of="P1", role=WORKER, about=None, state=None, **content):
    until = content.get("until")
    told = json.dumps({"kind": kind, "text": None, **content})
    at = "2024-06-01T08:00:00.000+00:00"
    note = Note(note_id, at, "a", role, "S1", of, kind, state=state, about=about, until=until, content=told)
    notes.add(Once("a", "act", f"key-{note_id}", "d"), lambda: note)


def lift(notes, note_id, *, of="P1"):
    say(notes, f"review-of-{note_id}", "review", of=of, role=LEAD, about=note_id, state="lifted")


def asked(notes, *persons, role=LEAD):
    return to_review(notes, persons or ("P1",), Visit("act", "request", Caller("c", role, "S1")), today=TODAY)


def waiting(found):
    return {person_id: [each.note_id for each in told] for person_id, told in found.waiting.items()}


@pytest.mark.parametrize(
    ("kind", "content", "waits"),
    [
        ("opinion", OPINION, False),
        ("opinion", {**OPINION, "agrees": False}, True),
        ("opinion", {**OPINION, "agrees_with_level": True}, False),
        ("opinion", {**OPINION, "agrees_with_level": False}, True),
        ("opinion", {**OPINION, "reasons": [{"code": "c", "agrees": True}, {"code": "d", "agrees": False}]}, True),
        ("override", {**OVERRIDE, "until": "2024-06-10"}, True),
        ("override", {**OVERRIDE, "until": "2024-06-09"}, False),  # it is over: there is nothing to lift
        ("snooze", {**SNOOZE, "until": "2024-06-10"}, True),
        ("snooze", {**SNOOZE, "until": "2024-06-09"}, False),
        ("comment", {"text": "called"}, False),
        ("outcome", {"outcome": "relapse", "occurred_on": "2024-05-01"}, False),
    ],
)
def test_what_disagrees_and_what_was_decided_and_holds_waits(notes, kind, content, waits):
    say(notes, "note-1", kind, **content)
    say(notes, "by-a-lead", kind, role=LEAD, **content)  # who would review others' words
    assert waiting(asked(notes)) == ({"P1": ["note-1"]} if waits else {})


def test_the_newest_comes_first_and_what_was_reviewed_keeps_its_place_in_the_order(notes):
    for number, person_id in enumerate(("P1", "P2", "P3", "P2")):
        say(notes, f"note-{number}", "opinion", of=person_id, **{**OPINION, "agrees": False})
    assert waiting(asked(notes, "P1", "P2", "P3")) == {"P2": ["note-3", "note-1"], "P3": ["note-2"], "P1": ["note-0"]}
    lift(notes, "note-2", of="P3")
    lift(notes, "note-3", of="P2")
    found = asked(notes, "P1", "P2", "P3")
    assert waiting(found) == {"P2": ["note-1"], "P1": ["note-0"]}
    assert found.persons == ["P2", "P3", "P1"]


def test_a_decision_that_was_lifted_keeps_its_place_too(notes):
    say(notes, "note-1", "override", **{**OVERRIDE, "until": "2024-06-20"})
    lift(notes, "note-1")
    assert asked(notes) == ToReview({}, ["P1"])


def test_nothing_waits_for_a_worker_and_of_nobody_else_is_anything_told(notes):
    say(notes, "note-1", "opinion", **{**OPINION, "agrees": False})
    assert asked(notes, role=WORKER) == ToReview()
    assert asked(notes, "P2") == ToReview({}, [])
