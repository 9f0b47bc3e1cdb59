"""What the record keeps of an answer about areas, so that it can be made again and held beside what was told.

Such an answer is the same for everyone, so its id is that of what it follows from: model, state of the store and
question. No number of it is kept: each part leaves a mark, a keyed hash, that says whether it is the same, no more.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Generic, TypeVar

from features.plain import from_plain
from serving.area_messages import Forecast, Warnings
from serving.desk import Desk
from serving.entries import ANSWERED, Entry, by_model
from serving.etags import name_of
from serving.guard import Visit

FORECAST, WARNINGS = "forecast", "warnings"
MARK_DIGITS = 32
Answer = TypeVar("Answer", Forecast, Warnings)


@dataclass(frozen=True)
class Marks:
    """The marks of an answer: of which areas it is, of its unrounded numbers, and of what was told of them."""

    areas: str
    rates: str
    told: str

    @classmethod
    def of(cls, parts: Mapping[str, object], hashed: Callable[[str], str]) -> "Marks":
        """The marks that the parts of an answer leave under a keyed hash."""
        return cls(
            **{name: hashed(json.dumps([name, part], default=asdict))[:MARK_DIGITS] for name, part in parts.items()}
        )

    def differing(self, other: "Marks") -> tuple[str, ...]:
        """The parts in which another answer differs."""
        return tuple(name for name, mark in asdict(self).items() if mark != getattr(other, name))


@dataclass(frozen=True)
class Kept:
    """What the detail of an entry holds of an answer about areas."""

    kind: str
    weeks: int
    level: str
    marks: Marks
    noise_epsilon: float | None = None


@dataclass(frozen=True)
class Made(Generic[Answer]):
    """An answer about areas, and its marks."""

    answer: Answer
    marks: Marks


def answer_id(kind: str, digest: str, snapshot: str, *question: object) -> str:
    """The id of the answer that a model gives to a question in a state of the store, 32 hex digits."""
    return name_of(kind, digest, snapshot, *question)


def record(desk: Desk, visit: Visit, made: Made[Answer], *, of_files: bool = False) -> None:
    """Put on disk that the answer was given, and by what it is made again; ProblemError when that fails.

    `of_files`: whether it is of a city that came in files, which are not kept.
    """
    told = made.answer
    kept = Kept(WARNINGS, told.weeks, told.level, made.marks)
    if isinstance(told, Forecast):
        kept = Kept(FORECAST, told.weeks, told.level, made.marks, told.noise_epsilon)
    at = desk.settings.now().isoformat(timespec="milliseconds")
    entry = replace(
        visit.entry(at=at, outcome=ANSWERED),
        as_of=told.as_of.isoformat(),
        language=told.language,
        detail=json.dumps(asdict(kept)),
        inline=int(of_files) or None,
    )
    whole = by_model(entry, told.model, snapshot=told.snapshot, score_id=told.answer_id, risk=None)
    desk.reading.records.write([whole])
    visit.recorded = True


def kept_of(entry: Entry) -> Kept | None:
    """What an entry holds of an answer about areas; None where it is of another answer."""
    if entry.outcome != ANSWERED or entry.score_id is None or entry.detail is None:
        return None
    return from_plain(json.loads(entry.detail), Kept, where="record")
