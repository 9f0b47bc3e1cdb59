"""A person's scores and what changed between them, as they come in and leave, field by field."""

from datetime import date
from typing import Literal

from pydantic import Field

from serving.messages import MOST_REASONS, Code, Day, Id, Language, Message, Model, Others, Purpose, Score
from serving.paging import CURSOR

MOST_GIVEN = 50


class HistoryRequest(Message):
    """Which person's scores are asked for."""

    person_id: Id
    purpose: Purpose
    language: Language | None = None
    limit: int = Field(default=20, ge=1, le=MOST_GIVEN)
    cursor: str | None = Field(default=None, pattern=f"^{CURSOR.pattern}$", description="`next` of a page.")


class GivenScore(Message):
    """A score as it was given."""

    score_id: str
    at: str = Field(description="When it was given, UTC.")
    as_of: date
    risk: float
    low: float | None = Field(description="Lower end of the 95 % interval; null: not estimated, or no longer the same.")
    high: float | None
    expires_on: date
    model: Model
    model_changed: bool = Field(description="By another model than the score before it.")
    snapshot: str


class ScoreHistory(Message):
    """A page of the scores a person was given, the newest first."""

    person_id: str
    scores: list[GivenScore]
    next: str | None
    language: Language
    note: str


class ChangesRequest(Message):
    """Since which score it is asked what changed."""

    person_id: Id
    as_of: Day = Field(description="The day of the later score. Not in the future.")
    purpose: Purpose
    language: Language | None = None
    model: Code | None = None
    since: Id | None = Field(
        default=None, description="score_id of the earlier score; else the last of an earlier day."
    )
    most: int = Field(default=10, ge=1, le=MOST_REASONS, description="How many changes; the rest come as `others`.")


class ReasonChange(Message):
    """A feature that adds something else now than then. Never a cause."""

    code: str
    feature: str
    difference: float = Field(description="Contribution now less contribution then, in log-odds.")
    direction: Literal["raises", "lowers"]
    changeable: bool
    text_then: str
    text_now: str
    effect: str


class Unaccounted(Message):
    """What the records of then and now do not account for."""

    code: Literal["model", "late_records"]
    difference: float
    text: str


class ScoreChanges(Message):
    """log_odds of `now` = log_odds_then + differences of changes and others + that of unaccounted."""

    now: Score
    since: GivenScore | None = Field(description="Null: there is no earlier score.")
    log_odds_then: float | None
    changes: list[ReasonChange]
    others: Others | None
    unaccounted: Unaccounted | None
    text: str | None = Field(description="Where there is nothing to compare, or nothing has changed.")
