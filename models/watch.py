"""What `waystation monitor` found of a promoted model, in the shape the page of the models reads it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from features.errors import ConfigError
from features.plain import from_plain
from features.replaced import replace_json


@dataclass(frozen=True)
class Shift:
    """How far a feature, or the score, has moved: the population stability index, and means where there is a value."""

    name: str
    index: float
    mean_then: float | None = None
    mean_now: float | None = None


@dataclass(frozen=True)
class Figure:
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Month:
    """How the scores of one day did, once their outcomes are known; counts in tens, figures None where they are few.

    `was_learned`: the outcomes were known when the model was trained, so that it may have learned from them.
    """

    as_of: str
    was_learned: bool
    persons: int
    relapses: int | None = None
    auroc: Figure | None = None
    brier: Figure | None = None
    predicted_over_observed: Figure | None = None


@dataclass(frozen=True)
class Watch:
    """A promoted model (by digest) on the persons of the day it was trained on, and of a later day (ISO dates).

    `by_chance`: the index that chance alone makes of so many persons, on average.
    """

    name: str
    digest: str
    then: str
    now: str
    persons_then: int
    persons_now: int
    by_chance: float
    score: Shift
    features: tuple[Shift, ...]
    months: tuple[Month, ...]


def write(folder: Path, watch: Watch) -> None:
    """Put what was found in place of what was found before."""
    replace_json(folder / f"{watch.name}.json", asdict(watch))


def read(folder: Path, name: str) -> Watch | None:
    """What was found of a name; None where nobody looked yet, or the file is damaged: looking again mends it."""
    try:
        return from_plain(json.loads((folder / f"{name}.json").read_text(encoding="utf-8")), Watch, where=name)
    except (OSError, ValueError, ConfigError):
        return None
