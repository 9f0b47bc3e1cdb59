"""What waits for a lead's word: decisions that hold and opinions that disagree, said by others and not yet reviewed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from serving.feedback import KINDS, told_note
from serving.feedback_messages import Feedback, FeedbackNote, Opinion, Override, Snooze
from serving.guard import Visit
from serving.notes import REVIEW, Notes
from serving.roles import MATRIX, REFUSED

ACT = "POST /v1/feedback:review"
REVIEWERS = frozenset(role for role, cell in MATRIX[ACT].items() if cell != REFUSED)


@dataclass(frozen=True)
class ToReview:
    """What waits, by person; and in order everybody of whom something does or did. The newest first."""

    waiting: Mapping[str, Sequence[FeedbackNote]] = field(default_factory=dict)
    persons: Sequence[str] = ()


def to_review(notes: Notes, person_ids: Sequence[str], visit: Visit, *, today: date) -> ToReview:
    """What was said of some persons that waits for the caller's word; nothing where the role has none to say."""
    if visit.caller.role not in REVIEWERS:
        return ToReview()
    said = notes.of_persons(person_ids)
    reviews = [note for note in said if note.kind == REVIEW]
    told = [
        (note.person_id, told_note(note, reviews, visit, today=today))
        for note in said
        if note.kind in KINDS and note.role not in REVIEWERS
    ]
    asking = [(person_id, each) for person_id, each in told if _asks(each.feedback, today)]
    waiting: dict[str, list[FeedbackNote]] = {}
    for person_id, each in asking:
        if not each.reviews:
            waiting.setdefault(person_id, []).append(each)
    return ToReview(waiting, list(dict.fromkeys(person_id for person_id, _ in asking)))


def _asks(said: Feedback, today: date) -> bool:
    """Whether it is a decision that is not over, or an opinion that disagrees with anything."""
    if isinstance(said, Override | Snooze):
        return said.until >= today
    if not isinstance(said, Opinion):
        return False
    return not said.agrees or said.agrees_with_level is False or not all(each.agrees for each in said.reasons)
