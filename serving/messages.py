"""What goes in and out over HTTP, field by field. Unknown fields are refused, types are strict, days are ISO dates."""

import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic import model_validator as checked_as_a_whole
from pydantic_core import PydanticCustomError

from features.vocabulary import KINDS, PURPOSES, REFUSED_PURPOSES, SEXES, SOURCES
from serving.problems import RULES

MOST_PERSONS = 1_000
MOST_EVENTS = 5_000
MOST_REASONS = 200
MOST_EXACT = 2**53  # beyond it a float no longer holds every whole number
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)
ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NAME = re.compile(r"^[^\x00-\x1f\x7f]{1,128}$")

Language = Literal["zh-CN", "en"]
AreaLevel = Literal["township", "cell"]
ForecastLevel = Literal["city", "district", "township", "cell"]


def _iso_day(value: Any) -> date:
    if not isinstance(value, str) or not ISO_DAY.fullmatch(value):
        raise PydanticCustomError("not_a_date", "a day as YYYY-MM-DD", {"expected": "YYYY-MM-DD"})
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("not_a_date", "a day that exists", {"expected": "YYYY-MM-DD"}) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise PydanticCustomError("out_of_range", "a day in range", {"expected": f"{FIRST_DAY} to {LAST_DAY}"})
    return day


def _known_purpose(value: str) -> str:
    if value not in PURPOSES + REFUSED_PURPOSES:
        raise PydanticCustomError("one_of", "a purpose of the list", {"expected": ", ".join(PURPOSES)})
    return value


Day = Annotated[date, BeforeValidator(_iso_day)]
Id = Annotated[str, StringConstraints(pattern=NAME.pattern)]
Code = Annotated[str, StringConstraints(pattern=r"^[^\sA-Z\x00-\x1f]{1,64}$")]
Purpose = Annotated[
    str,
    AfterValidator(_known_purpose),
    WithJsonSchema({"type": "string", "enum": list(PURPOSES)}),
]
Finite = Annotated[float, Field(allow_inf_nan=False)]


def _listed(outcomes: tuple[str | None, ...]) -> str:
    return ", ".join(outcome or "null" for outcome in outcomes)


class Message(BaseModel):
    """What all messages share."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Event(Message):
    """One event, or a revision of one, of a history sent along."""

    occurred_on: Day
    known_on: Day = Field(description="The day the service could know of it; never before it happened.")
    kind: Code
    outcome: Code | None = None
    substance: Code | None = None
    value: Finite | None = None
    source: Literal[tuple(SOURCES)] | None = None  # type: ignore[valid-type]
    station_id: Id | None = None
    township_id: Id | None = None
    note_code: Code | None = None
    event_id: Id | None = Field(default=None, description="Needed only where revisions or retractions are sent.")
    revision: int = Field(default=1, ge=1, le=1_000_000)
    retracted: bool = False

    @checked_as_a_whole(mode="after")
    def _follows_the_contract(self) -> Self:
        if self.known_on < self.occurred_on:
            raise PydanticCustomError(
                "known_before_occurred", "known_on is not before occurred_on", {"field": "known_on"}
            )
        outcomes = KINDS[self.kind].outcomes or (None,) if self.kind in KINDS else (self.outcome,)
        if self.outcome not in outcomes and not (self.retracted and self.outcome is None):
            raise PydanticCustomError(
                "outcome_of_other_kind",
                "the outcome belongs to the kind",
                {"field": "outcome", "expected": _listed(outcomes)},
            )
        if (self.revision > 1 or self.retracted) and self.event_id is None:
            raise PydanticCustomError(
                "revision_of_nothing", "a revision or retraction needs an event_id", {"field": "event_id"}
            )
        return self


class Question(Message):
    """What every request for scores says."""

    as_of: Day = Field(description="Everything known by the end of this day is used, nothing else. Not in the future.")
    purpose: Purpose = Field(description="Why the score is wanted. `enforcement` is refused and recorded.")
    language: Language | None = Field(default=None, description="Of the texts; else Accept-Language, else zh-CN.")
    model: Code | None = Field(default=None, description="The registered model; needed where several are promoted.")
    most: int = Field(default=10, ge=1, le=MOST_REASONS, description="How many reasons; the rest come as `others`.")


def _fact(value: Any) -> str | float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise PydanticCustomError("wrong_type", "a word or a number", {"expected": "string, number, null"})
    if isinstance(value, str) and not NAME.fullmatch(value):
        raise PydanticCustomError("wrong_form", "a word", {"expected": NAME.pattern})
    if not isinstance(value, str) and abs(value) > MOST_EXACT:
        raise PydanticCustomError("too_large", "a number", {"expected": str(MOST_EXACT)})
    return value


Fact = Annotated[Any, AfterValidator(_fact), WithJsonSchema({"type": ["string", "number", "null"]})]
Year = Annotated[int, Field(ge=FIRST_DAY.year, le=LAST_DAY.year)]


class Facts(Message):
    """The facts fixed at registration; further columns only where the model that answers uses them."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"required": ["birth_year"]})
    __pydantic_extra__: dict[str, Fact]

    birth_year: Year | None = Field(default=None, description="Needed: minors are not scored.")
    sex: Literal[SEXES] | None = None  # type: ignore[valid-type]
    ethnicity: Id | None = None
    household_register: Id | None = None
    education: Id | None = None
    first_use_year: Year | None = None
    primary_substance: Code | None = None
    registered_on: Day | None = None


class Status(Message):
    """What forbids a score even where no event sent along tells of it, as its sender knows it today; all is needed."""

    sealed: bool = Field(description="The record is sealed.")
    objected: bool = Field(description="The person objected to automated scoring and did not take it back.")
    abstinent_three_years: bool = Field(description="Control has ended after three abstinent years.")

    @property
    def forbids(self) -> str | None:
        """The code of the first refusal it calls for."""
        return next((name for name in type(self).model_fields if getattr(self, name)), None)


class ScoreRequest(Question):
    """One score: of a stored person, or of a history sent along. Exactly one of `person_id` and `events`."""

    person_id: Id | None = None
    person: Facts | None = Field(default=None, description="Facts fixed at registration; needed beside events.")
    events: list[Event] | None = Field(
        default=None, max_length=MOST_EVENTS, description="A history sent along; for machine clients only."
    )
    status: Status | None = Field(default=None, description="The person's status; needed beside events.")

    @checked_as_a_whole(mode="after")
    def _one_history(self) -> Self:
        if (self.person_id is None) == (self.events is None):
            raise PydanticCustomError(
                "person_id_or_events", "exactly one of person_id and events", {"field": "person_id"}
            )
        if self.person is not None and self.events is None:
            raise PydanticCustomError("person_needs_events", "facts go with events", {"field": "person"})
        if self.status is not None and self.events is None:
            raise PydanticCustomError("person_needs_events", "a status goes with events", {"field": "status"})
        if self.events is not None and (self.person is None or self.person.birth_year is None):
            raise PydanticCustomError("needed_to_refuse_minors", "no age, no score", {"field": "person.birth_year"})
        if self.events is not None and self.status is None:
            raise PydanticCustomError("needed_to_refuse", "no status, no score", {"field": "status"})
        return self


class BatchRequest(Question):
    """Up to 1,000 scores of stored persons."""

    person_ids: list[Id] = Field(min_length=1, max_length=MOST_PERSONS)


class Model(Message):
    """Which model answered: its registered name, tag in the model store, digest, and the MLflow run it came from."""

    name: str
    tag: str
    digest: str
    run: str


class Reason(Message):
    """What one feature adds to the log-odds. Never a cause."""

    code: str
    feature: str
    value: float | None = Field(description="In the unit; null where missing.")
    unit: str
    contribution: float
    direction: Literal["raises", "lowers"]
    changeable: bool = Field(description="Help can change what it measures.")
    text: str
    effect: str


class Others(Message):
    """All the reasons not listed, together."""

    count: int
    contribution: float
    text: str


class Missing(Message):
    """Something the model asks for that is not known."""

    feature: str
    text: str


class Score(Message):
    """A risk with its reasons: base + contributions of reasons and others = log_odds."""

    score_id: str
    person_id: str | None
    risk: float = Field(ge=0, le=1, description="Calibrated probability of a relapse within the horizon.")
    low: float | None = Field(ge=0, le=1, description="Lower end of the risk's 95 % interval; null: not estimated.")
    high: float | None = Field(ge=0, le=1, description="Upper end of the risk's 95 % interval; null: not estimated.")
    log_odds: float
    base: float
    horizon_days: int
    as_of: date
    expires_on: date = Field(description="30 days after as_of, or at the end of the horizon where that is sooner.")
    known_until: date | None = Field(description="The day the newest of the person's records used became known.")
    stopped: str | None = Field(default=None, description="That the records of all had stopped long before as_of.")
    model: Model
    snapshot: str = Field(description="Digest of the store's state, or SHA-256 of the history sent along.")
    reasons: list[Reason]
    others: Others
    missing: list[Missing]
    language: Language
    note: str


class Refused(Message):
    """Why a person of a batch got no score."""

    score_id: str
    person_id: str
    reason: str
    text: str
    article: str | None


class BatchAnswer(Message):
    """Scores and refusals, each in the order asked."""

    scores: list[Score]
    refused: list[Refused]


class FieldFault(Message):
    """One field and the rule it broke; never its value."""

    field: str
    rule: Literal[RULES]  # type: ignore[valid-type]
    expected: str | None = None
    text: str = Field(description="The rule in words.")


class Problem(BaseModel):
    """A refusal (RFC 9457). Some carry more: reason and article, names, waiting_for."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FieldFault] | None = None
    reason: str | None = None
    article: str | None = None
    names: list[str] | None = None
    waiting_for: list[str] | None = None


class Health(Message):
    """The process is up."""

    status: Literal["up"] = "up"


class RefusedModel(Message):
    """A promoted model that did not pass its check; an older one may go on answering."""

    name: str
    why: str
    answering: str | None = Field(description="Digest of the model that goes on answering under this name.")


class Ready(Message):
    """Which models answer, and which promoted ones were refused; null: told on the machine itself alone."""

    status: Literal["ready"] = "ready"
    models: list[Model] | None
    refused: list[RefusedModel] | None
