"""Feedback and corrections as they come in and leave, field by field."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from serving.messages import Code, Day, Id, Language, Message, Purpose
from serving.paging import CURSOR, MOST_LISTED
from serving.worklist_messages import LevelName

MOST_OPINIONS = 50
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")]
Cursor = Annotated[str | None, Field(pattern=f"^{CURSOR.pattern}$", description="`next` of a page.")]
NoteId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{8,64}$")]


class Outcome(Message):
    """What became of the person."""

    kind: Literal["outcome"]
    outcome: Literal["relapse", "no_relapse", "lost_contact", "moved_away", "other"]
    occurred_on: Day = Field(description="Not in the future.")
    text: Text | None = None


class ReasonOpinion(Message):
    """Whether a reason is agreed with."""

    code: Code = Field(description="The `code` of a reason.")
    agrees: bool


class Opinion(Message):
    """Whether a score and its reasons are agreed with, one by one."""

    kind: Literal["opinion"]
    score_id: Id
    agrees: bool
    reasons: list[ReasonOpinion] = Field(default=[], max_length=MOST_OPINIONS)
    agrees_with_level: bool | None = Field(
        default=None, description="Whether the level of support is agreed with; an override sets another."
    )
    reason_code: Literal["record_wrong", "record_missing", "circumstances_changed", "not_relevant", "other"] | None = (
        None
    )
    text: Text | None = None


class Override(Message):
    """Another level of support than the rule gives, for a time and with a reason."""

    kind: Literal["override"]
    level: LevelName
    reason_code: Literal["known_to_worker", "circumstances_changed", "record_wrong", "person_asked", "other"]
    until: Day = Field(description="The last day it holds; at most 90 days from today.")
    text: Text | None = None


class Snooze(Message):
    """The person is put at the end of the worklist for a time."""

    kind: Literal["snooze"]
    reason_code: Literal["just_met", "on_leave", "in_hospital", "other"]
    until: Day = Field(description="The last day it holds; at most 30 days from today.")
    text: Text | None = None


class Comment(Message):
    """Free text."""

    kind: Literal["comment"]
    text: Text


Feedback = Annotated[Outcome | Opinion | Override | Snooze | Comment, Field(discriminator="kind")]


class FeedbackRequest(Message):
    """Feedback about a person, kept beside the histories and never in them."""

    person_id: Id
    purpose: Purpose
    feedback: Feedback
    language: Language | None = None


class ReviewRequest(Message):
    """What a lead says to a decision or to feedback of the station: it stands, or it is lifted."""

    note_id: NoteId
    purpose: Purpose
    state: Literal["confirmed", "lifted"]
    text: Text | None = None
    language: Language | None = None


class AboutPerson(Message):
    """Whose feedback is asked for."""

    person_id: Id
    purpose: Purpose
    limit: int = Field(default=20, ge=1, le=MOST_LISTED)
    cursor: Cursor = None
    language: Language | None = None


class Kept(Message):
    """That something is kept, under which id, and since when (UTC)."""

    note_id: str
    at: str
    kind: str
    state: str | None


class Review(Message):
    """What a lead said to it."""

    note_id: str
    at: str
    state: Literal["confirmed", "lifted"]
    text: str | None


class FeedbackNote(Message):
    """Feedback as it was given, and what was said to it since, the newest first."""

    note_id: str
    at: str
    role: str
    own: bool = Field(description="Given by the caller.")
    feedback: Feedback
    holds: bool = Field(description="An override or snooze that is neither over nor lifted.")
    reviews: list[Review]


class FeedbackPage(Message):
    """The feedback about a person, the newest first."""

    person_id: str
    feedback: list[FeedbackNote]
    next: str | None


CorrectionState = Literal["received", "sent_to_source", "corrected", "rejected"]


class CorrectionRequest(Message):
    """That a record is said to be wrong. The history changes only when its source sends a correction."""

    person_id: Id
    purpose: Purpose
    what: Literal["wrong", "missing", "of_another_person", "twice"]
    asked_by: Literal["person", "worker", "family", "other"]
    kind: Code | None = Field(default=None, description="The kind of record it is about.")
    occurred_on: Day | None = Field(default=None, description="The day the record names.")
    event_id: Id | None = Field(default=None, description="The record, where its id is known.")
    text: Text = Field(description="What should be right.")
    language: Language | None = None


class CorrectionStateRequest(Message):
    """How far a correction has come. After `corrected` and `rejected` nothing follows."""

    note_id: NoteId
    purpose: Purpose
    state: Literal["sent_to_source", "corrected", "rejected"]
    text: Text | None = None
    language: Language | None = None


class CorrectionNote(Message):
    """A correction asked for, and how far it has come."""

    note_id: str
    at: str
    person_id: str
    station_id: str | None
    what: str
    asked_by: str
    kind: str | None
    occurred_on: date | None
    event_id: str | None
    text: str
    state: CorrectionState
    state_at: str
    state_text: str | None


class CorrectionPage(Message):
    """Corrections asked for, the newest first."""

    corrections: list[CorrectionNote]
    next: str | None
