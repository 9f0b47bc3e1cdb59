"""The worklist of a station as it leaves, field by field."""

from datetime import date
from typing import Literal

from pydantic import Field

from serving.messages import Language, Message, Missing, Model, Reason
from serving.roles import MATRIX, REFUSED
from serving.support import BY_RULE, LEVELS
from serving.tasks import TASKS

LevelName = Literal[LEVELS]  # type: ignore[valid-type]
WHO_SETS = tuple(role for role, cell in MATRIX["POST /v1/feedback"].items() if cell != REFUSED)
LevelBy = Literal[BY_RULE, *WHO_SETS]  # type: ignore[valid-type]


class ToDo(Message):
    """One thing to do for a person, and the last day for it."""

    code: Literal[TASKS]  # type: ignore[valid-type]
    due_on: date
    overdue: bool
    text: str


class WorklistCase(Message):
    """One person of the caseload. Without a score there is no level, and `refused_text` says why: people decide."""

    person_id: str
    display_name: str | None = Field(description="For the person's own station alone.")
    score_id: str | None
    risk: float | None = Field(description="Calibrated probability of a relapse within the horizon.")
    low: float | None = Field(description="Lower end of the risk's 95 % interval; null: not estimated.")
    high: float | None = Field(description="Upper end of the risk's 95 % interval; null: not estimated.")
    level: LevelName | None = Field(description="The level of support in force.")
    level_text: str
    level_by: LevelBy | None = Field(description="The rule, or the role of who set the level; null: there is none.")
    level_by_rule: LevelName | None = Field(description="What the rule alone gives.")
    snoozed_until: date | None = Field(description="Until the end of this day the person comes last on the list.")
    level_ends_on: date | None = Field(
        description="The last day of the level; it is to be looked at again then. Null: there is none."
    )
    reasons: list[Reason] = Field(description="The strongest three, raising or lowering.")
    changeable: list[Reason] = Field(
        description="What help may change: of those that raise the estimate the strongest of a family, three families."
    )
    missing: list[Missing]
    refused: str | None = Field(description="Code of why there is no score.")
    refused_text: str | None
    article: str | None
    to_do: list[ToDo] = Field(description="The most urgent first.")
    overdue: bool
    known_until: date | None = Field(description="The day the newest of the person's records used became known.")


class LevelCount(Message):
    """How many persons of the whole list have a level; null: no score."""

    level: LevelName | None
    text: str
    persons: int


class Worklist(Message):
    """A page of a station's worklist: the highest level and risk first, those without a score last."""

    station_id: str
    as_of: date
    persons: int = Field(description="On the whole list.")
    workers: int
    workers_told: bool = Field(description="False: their number is not recorded; as many as the persons would need.")
    capacity: int = Field(description="Persons the workers can look after, thirty each.")
    over_capacity_by: int
    overdue: int = Field(description="Persons of the whole list for whom something is overdue.")
    levels: list[LevelCount]
    rule: str = Field(description="The rule of the levels in words.")
    cases: list[WorklistCase]
    next: str | None = Field(description="The cursor of the next page; null on the last.")
    list_id: str = Field(description="Under which the record holds who was on the list.")
    horizon_days: int
    expires_on: date
    model: Model
    snapshot: str
    stopped: str | None = Field(default=None, description="That the records of all had stopped long before as_of.")
    language: Language
    note: str
