"""What a feature is: a named function of the visible past with its arguments.

The function says what is measured, the arguments with which lookback or for which substance; the name of the
column is made of both. A feature is written down as plain values, so an artifact can carry it to the service.
What else is to be known of it (unit, source, legal basis) stands at the function, and `dictionary` tells it.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd

from features.arrays import Floats
from features.asof import Visible
from features.errors import ConfigError
from features.history import History

Argument = int | str | None
Measure = Callable[..., Floats]

MANY = 10_000  # rows from which threads are worth their start; the loops of a feature run outside Python's lock
THREADS = min(os.cpu_count() or 1, 4)


@dataclass(frozen=True)
class Definition:
    """One function of the catalogue. `changeable`: help can change what it measures, but for `Feature.changeable`.

    `sources`: which of the seven it is told by; none for facts at registration. `legal_basis`: the article whose rule
    it follows, "" where it follows none.
    """

    function: Measure
    family: str
    unit: str
    changeable: bool
    sources: tuple[str, ...]
    legal_basis: str

    @property
    def code(self) -> str:
        """The function's name: the key of its texts."""
        return self.function.__name__

    @property
    def meaning(self) -> str:
        """The first line of its docstring."""
        return (self.function.__doc__ or "").strip().split("\n", maxsplit=1)[0]

    @property
    def parameters(self) -> tuple[str, ...]:
        """The arguments it takes besides the visible past."""
        return tuple(signature(self.function).parameters)[1:]


CATALOGUE: dict[str, Definition] = {}


def feature(
    *, family: str, unit: str, changeable: bool = False, source: str | tuple[str, ...] = (), legal_basis: str = ""
) -> Callable[[Measure], Measure]:
    """Enter a function in the catalogue."""
    sources = (source,) if isinstance(source, str) else source

    def enter(function: Measure) -> Measure:
        CATALOGUE[function.__name__] = Definition(function, family, unit, changeable, sources, legal_basis)
        return function

    return enter


@dataclass(frozen=True)
class Feature:
    """One column: a function of the catalogue and the arguments it is called with."""

    code: str
    arguments: tuple[tuple[str, Argument], ...] = ()

    @cached_property
    def name(self) -> str:
        """The name of the column, for example `positive_tests_opioid_28d`."""
        return "_".join([self.code, *(spelled(*argument) for argument in self.arguments if argument[1] != "")])

    @property
    def definition(self) -> Definition:
        """Its entry in the catalogue."""
        return CATALOGUE[self.code]

    @property
    def unit(self) -> str:
        """The unit of its value."""
        return self.definition.unit

    @property
    def changeable(self) -> bool:
        """Whether help can change its value: never where it looks at all history, or at a time that has passed."""
        arguments = dict(self.arguments)
        is_passed = arguments.get("days", "") is None or arguments.get("back", 0) != 0
        return self.definition.changeable and not is_passed

    def of(self, past: Visible) -> Floats:
        """Its value at each prediction time."""
        return self.definition.function(past, **dict(self.arguments))

    def to_plain(self) -> dict[str, Any]:
        """What JSON can hold; `from_plain` gives the feature back."""
        return {"code": self.code, "arguments": dict(self.arguments)}

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> "Feature":
        """The feature written down; ConfigError when the catalogue does not know it."""
        return make(plain["code"], **plain["arguments"])


def make(code: str, **arguments: Argument) -> Feature:
    """The feature of this code with these arguments; ConfigError when the catalogue has no such thing."""
    if code not in CATALOGUE:
        raise ConfigError(f"features: the catalogue has no function '{code}'. Known: {', '.join(sorted(CATALOGUE))}.")
    wrong = set(arguments) ^ set(CATALOGUE[code].parameters)
    if wrong:
        expected = ", ".join(CATALOGUE[code].parameters) or "none"
        raise ConfigError(f"features: '{code}' takes the arguments: {expected}. Wrong or missing: {sorted(wrong)}.")
    return Feature(code, tuple((name, arguments[name]) for name in CATALOGUE[code].parameters))


def compute(history: History, predictions: pd.DataFrame, features: Sequence[Feature]) -> pd.DataFrame:
    """One row for each prediction time (person_id, as_of), one float column for each feature.

    Training passes hundreds of thousands of rows, the service one; the code is the same and so is every bit. Of many
    rows each thread computes a share of the features; what two of them need is found twice at worst.
    """
    return computed(Visible.at(history, predictions), features, predictions.index)


def computed(past: Visible, features: Sequence[Feature], rows: pd.Index) -> pd.DataFrame:
    """The same of what is visible at prediction times already looked at, one row each, under the index given."""
    values = np.empty((len(features), len(past)))

    def fill(places: Iterable[int]) -> None:
        for place in places:
            values[place] = features[place].of(past)

    if len(past) < MANY:
        fill(range(len(features)))
    else:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(fill, np.array_split(np.arange(len(features)), THREADS)))
    return pd.DataFrame(values.T, index=rows, columns=[each.name for each in features], copy=False)


def spelled(name: str, value: Argument) -> str:
    """An argument as the name of a column has it, for example `28d`."""
    if name == "days":
        return "ever" if value is None else f"{value}d"
    if name == "length_days":
        return f"of_{value}d"
    return str(value).lower().replace(" ", "_")
