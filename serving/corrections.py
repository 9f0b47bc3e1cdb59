"""Corrections of records: asked for here, kept for the source, and how far each has come.

The history store is not touched. What a person has a right to see put right is put right where the record was made;
the correction then arrives as a new revision, like any other.
"""

from dataclasses import dataclass, replace

from serving import one_person, paging
from serving.entries import ANSWERED, LISTED
from serving.feedback import Book, Sent, new_note, person_of_note, written
from serving.feedback_messages import (
    CorrectionNote,
    CorrectionPage,
    CorrectionRequest,
    CorrectionStateRequest,
    Kept,
)
from serving.guard import Visit
from serving.notes import CORRECTION, CORRECTION_STATE, Note
from serving.one_person import About
from serving.problems import ProblemError
from serving.reading import Asking
from serving.roles import station_of
from serving.stations import stations_of
from serving.wording import Wording

RECEIVED = "received"
FOLLOWS = {RECEIVED: ("sent_to_source", "corrected", "rejected"), "sent_to_source": ("corrected", "rejected")}
LOOKED_AT_ONCE = 200
BEYOND_ALL = 2**62


@dataclass(frozen=True)
class CorrectionsAsked:
    """For which purpose corrections are asked for, and which part of them."""

    purpose: str
    limit: int
    cursor: str | None


def add(book: Book, asked: CorrectionRequest, sent: Sent) -> Kept:
    """That the correction asked for is kept; a sealed record is corrected on the person's own request alone."""
    today = book.desk.settings.today
    read = one_person.person(book.desk, About(asked.person_id, asked.purpose, today, sent.wording), sent.visit)
    one_person.refuse_sealed(book.desk, read, sent.wording)

    def made() -> Note:
        return replace(new_note(book, sent, asked.person_id, CORRECTION, content=asked), state=RECEIVED)

    return written(book, asked, sent, read, made)


def move(book: Book, asked: CorrectionStateRequest, sent: Sent) -> Kept:
    """That the next state of a correction is kept; ProblemError when it cannot follow the one it has."""
    note = book.notes.note(asked.note_id)
    read = person_of_note(book, note if note and note.kind == CORRECTION else None, asked.purpose, sent)

    def made() -> Note:
        before = _state(book, asked.note_id)
        if asked.state not in FOLLOWS.get(str(before.state) if before else RECEIVED, ()):
            raise ProblemError("state_passed")
        moved = new_note(book, sent, read.person_id, CORRECTION_STATE, content=asked)
        return replace(moved, state=asked.state, about=asked.note_id)

    return written(book, asked, sent, read, made)


def page(book: Book, asked: CorrectionsAsked, visit: Visit, wording: Wording) -> CorrectionPage:
    """The corrections asked for, of the persons the caller may ask about, page by page, the newest first."""
    asking = Asking(visit, [], asked.purpose, book.desk.settings.today, wording.language)
    book.desk.reading.refuse(asking)
    station_id = station_of(visit.caller, visit.act)
    name = paging.name_of(f"corrections {station_id}")
    before = paging.begin(asked.cursor, name) or BEYOND_ALL
    found, last = _found(book, station_id, before, asked.limit)
    shown = [note for note in found if note.person_id not in _sealed(book, found)]
    asking = replace(asking, person_ids=[note.person_id for note in shown])
    entries = [book.desk.reading.entry(asking, note.person_id, ANSWERED, detail=note.note_id) for note in shown]
    book.desk.reading.record(asking, [*entries, book.desk.reading.entry(asking, None, LISTED, detail="corrections")])
    return CorrectionPage(
        corrections=[_told(book, note) for note in shown],
        next=str(paging.Cursor(name, last)) if last else None,
    )


def _found(book: Book, station_id: str | None, before: int, limit: int) -> tuple[list[Note], int | None]:
    """The next corrections of a station's persons, or of all, and the number to go on from; None at the end.

    One more than asked for is looked for: where there is none, no page follows.
    """
    found: list[Note] = []
    last: int | None = None
    while part := book.notes.corrections(before=before, limit=LOOKED_AT_ONCE):
        persons = [decision.note.person_id for decision in part]
        theirs = _stations(book, persons) if station_id is not None else [station_id] * len(part)
        for decision, station in zip(part, theirs, strict=True):
            before = decision.seq
            if station == station_id:
                if len(found) == limit:
                    return found, last
                found.append(decision.note)
                last = before
    return found, None


def _stations(book: Book, person_ids: list[str]) -> list[str | None]:
    return stations_of(book.desk.histories.store(), person_ids, today=book.desk.settings.today)


def _sealed(book: Book, notes: list[Note]) -> set[str]:
    """The persons whose record is sealed: no list shows that there is one."""
    held = book.desk.histories.of([note.person_id for note in notes])
    reasons = one_person.refused(held.history, held.history.person_ids, today=book.desk.settings.today)
    return {str(each) for each, why in zip(held.history.person_ids, reasons, strict=True) if why == one_person.SEALED}


def _state(book: Book, note_id: str) -> Note | None:
    """The newest state a correction was given; None while it is only received."""
    return next((note for note in book.notes.about(note_id) if note.kind == CORRECTION_STATE), None)


def _told(book: Book, note: Note) -> CorrectionNote:
    asked, newest = CorrectionRequest.model_validate_json(note.content), _state(book, note.note_id)
    return CorrectionNote(
        note_id=note.note_id,
        at=note.at,
        person_id=note.person_id,
        station_id=note.station,
        what=asked.what,
        asked_by=asked.asked_by,
        kind=asked.kind,
        occurred_on=asked.occurred_on,
        event_id=asked.event_id,
        text=asked.text,
        state=(newest and newest.state) or RECEIVED,  # type: ignore[arg-type]
        state_at=newest.at if newest else note.at,
        state_text=newest.told["text"] if newest else None,
    )
