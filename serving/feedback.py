"""Feedback about a person: kept, read again, reviewed by a lead; and the decisions on levels that hold on a day.

Whoever writes goes through what whoever reads does: a purpose, the own station's persons, the record. A write is known
again by its Idempotency-Key.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256

from pydantic import BaseModel, TypeAdapter

from features.catalogue import CATALOGUE
from serving import one_person, paging
from serving.desk import Desk
from serving.feedback_messages import (
    AboutPerson,
    Feedback,
    FeedbackNote,
    FeedbackPage,
    FeedbackRequest,
    Kept,
    Opinion,
    Outcome,
    Override,
    Review,
    ReviewRequest,
    Snooze,
)
from serving.guard import Visit
from serving.notes import LIFTED, OVERRIDE, REVIEW, SNOOZE, Decision, Note, Notes, Once
from serving.one_person import About, Person
from serving.problems import ProblemError, fault_of
from serving.score_history import given
from serving.wording import Wording

MOST_DAYS: Mapping[str, int] = {OVERRIDE: 90, SNOOZE: 30}
FEEDBACK: TypeAdapter[Feedback] = TypeAdapter(Feedback)
KINDS = ("outcome", "opinion", OVERRIDE, SNOOZE, "comment")


@dataclass(frozen=True)
class Book:
    """Where feedback is kept, and the desk that says who may."""

    desk: Desk
    notes: Notes


@dataclass(frozen=True)
class Sent:
    """Who sends a write, under which Idempotency-Key, and in which language the answer is."""

    visit: Visit
    key: str
    wording: Wording


@dataclass(frozen=True)
class Standing:
    """What people decided for a person that holds on a day: a level until one, to be left in peace until one."""

    level: str | None = None
    level_until: date | None = None
    level_by: str | None = None  # the role of who set it
    snoozed_until: date | None = None


def add(book: Book, asked: FeedbackRequest, sent: Sent) -> Kept:
    """That the feedback is kept; ProblemError where the caller may not give it."""
    read = _person(book, asked.person_id, asked.purpose, sent)
    _refuse_faults(book, asked.feedback, read)
    said = asked.feedback
    until = said.until.isoformat() if isinstance(said, Override | Snooze) else None

    def made() -> Note:
        note = new_note(book, sent, read.person_id, said.kind, content=said)
        return replace(note, until=until)

    return written(book, asked, sent, read, made)


def review(book: Book, asked: ReviewRequest, sent: Sent) -> Kept:
    """That a lead's word on a piece of feedback is kept; a person out of reach is as a note nobody knows."""
    reviewed = book.notes.note(asked.note_id)
    read = person_of_note(book, reviewed if reviewed and reviewed.kind in KINDS else None, asked.purpose, sent)

    def made() -> Note:
        note = new_note(book, sent, read.person_id, REVIEW, content=asked)
        return replace(note, state=asked.state, about=asked.note_id)

    return written(book, asked, sent, read, made)


def page(book: Book, asked: AboutPerson, visit: Visit, wording: Wording) -> FeedbackPage:
    """The feedback about a person, page by page, the newest first."""
    desk = book.desk
    read = one_person.person(desk, About(asked.person_id, asked.purpose, desk.settings.today, wording), visit)
    one_person.refuse_sealed(desk, read, wording)
    all_of_them = book.notes.of_person(asked.person_id)
    said = [note for note in all_of_them if note.kind in KINDS]
    name = paging.name_of("feedback", asked.person_id, said[0].note_id if said else "")
    shown, following = paging.page(said, name=name, cursor=asked.cursor, limit=asked.limit)
    reviews = [note for note in all_of_them if note.kind == REVIEW]
    one_person.record(desk, read, detail=f"{len(shown)} notes")
    return FeedbackPage(
        person_id=asked.person_id,
        feedback=[told_note(note, reviews, visit, today=desk.settings.today) for note in shown],
        next=following,
    )


def told_note(note: Note, reviews: Sequence[Note], visit: Visit, *, today: date) -> FeedbackNote:
    """Feedback as a reader is told it, with what was said to it among some reviews."""
    said_to_it = [each for each in reviews if each.about == note.note_id]
    is_lifted = any(each.state == LIFTED for each in said_to_it)
    return FeedbackNote(
        note_id=note.note_id,
        at=note.at,
        role=note.role,
        own=note.actor == visit.caller.actor,
        feedback=FEEDBACK.validate_json(note.content),
        holds=note.until is not None and note.until >= today.isoformat() and not is_lifted,
        reviews=[
            Review(note_id=each.note_id, at=each.at, state=each.state, text=each.told["text"])  # type: ignore[arg-type]
            for each in said_to_it
        ],
    )


def last_day(kind: str, today: date) -> date:
    """The last day until which a decision of a kind made today may hold."""
    return today + timedelta(days=MOST_DAYS[kind])


def standings(decisions: Iterable[Decision]) -> dict[str, Standing]:
    """What holds for each person, by id; of several decisions of a sort the last."""
    found: dict[str, Standing] = {}
    for decision in decisions:
        note, until = decision.note, date.fromisoformat(decision.note.until or "")
        before = found.get(note.person_id, Standing())
        if note.kind == OVERRIDE:
            found[note.person_id] = replace(before, level=note.told["level"], level_until=until, level_by=note.role)
        else:
            found[note.person_id] = replace(before, snoozed_until=until)
    return found


# What feedback and corrections share


def new_note(book: Book, sent: Sent, person_id: str, kind: str, *, content: BaseModel) -> Note:
    """A note of the caller, not yet kept."""
    settings, caller = book.desk.settings, sent.visit.caller
    return Note(
        note_id=settings.new_id(),
        at=settings.now().isoformat(timespec="milliseconds"),
        actor=caller.actor,
        role=caller.role,
        station=caller.station,
        person_id=person_id,
        kind=kind,
        content=json.dumps(content.model_dump(mode="json"), ensure_ascii=False),
    )


def written(book: Book, asked: BaseModel, sent: Sent, read: Person, made: Callable[[], Note]) -> Kept:
    """That it is on disk, and in the record; sent once more it is the same answer."""
    body = json.dumps(asked.model_dump(mode="json"), sort_keys=True)
    visit = sent.visit
    once = Once(visit.caller.actor, visit.act, sent.key, sha256(body.encode()).hexdigest())
    note = book.notes.add(once, made)
    one_person.record(book.desk, read, detail=f"{note.kind} {note.note_id}")
    return Kept(note_id=note.note_id, at=note.at, kind=note.kind, state=note.state)


def person_of_note(book: Book, note: Note | None, purpose: str, sent: Sent) -> Person:
    """The person a note is about; a note of a person out of reach is as one that does not exist."""
    try:
        return _person(book, note.person_id if note else "", purpose, sent)
    except ProblemError as refused:
        if refused.code == "unknown_person":
            raise ProblemError("unknown_note") from None
        raise


def _person(book: Book, person_id: str, purpose: str, sent: Sent) -> Person:
    today = book.desk.settings.today
    read = one_person.person(book.desk, About(person_id, purpose, today, sent.wording), sent.visit)
    one_person.refuse_sealed(book.desk, read, sent.wording)
    return read


def _refuse_faults(book: Book, said: Feedback, read: Person) -> None:
    """ProblemError for what only today, the record and the catalogue can tell to be wrong."""
    today, records = book.desk.settings.today, book.desk.reading.records
    if isinstance(said, Override | Snooze):
        last = last_day(said.kind, today)
        if not today <= said.until <= last:
            raise fault_of("feedback.until", "out_of_range", f"{today} to {last}")
    elif isinstance(said, Outcome) and said.occurred_on > today:
        raise fault_of("feedback.occurred_on", "in_the_future")
    elif isinstance(said, Opinion):
        unknown = next((place for place, each in enumerate(said.reasons) if each.code not in CATALOGUE), None)
        if unknown is not None:
            raise fault_of(f"feedback.reasons.{unknown}.code", "one_of", "code of a reason")
        theirs = given(records.path, records.hash_of(read.person_id), until=today)
        if not any(each.goes_by(said.score_id) for each in theirs):
            raise fault_of("feedback.score_id", "unknown_score")
