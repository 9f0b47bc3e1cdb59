"""An assumption: a number of the invented city, with its unit and where it comes from, beside each other."""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, TypeVar

T = TypeVar("T")

OURS = "our assumption"


def assume(value: T, unit: str, source: str = OURS) -> T:
    """A field of a frozen dataclass that holds `value` unless a preset differs, and remembers unit and source."""
    default: T = field(default=value, metadata={"unit": unit, "source": source})
    return default


@dataclass(frozen=True)
class Assumption:
    """One number the city rests on: `name` is its group and field, such as `use.base`."""

    name: str
    value: Any
    unit: str
    source: str


def assumptions(figures: Any, group: str = "") -> Iterator[Assumption]:
    """Every assumption of a tree of figures, in the order they are written down."""
    for each in fields(figures):
        name, value = f"{group}{each.name}", getattr(figures, each.name)
        if is_dataclass(value):
            yield from assumptions(value, f"{name}.")
        else:
            yield Assumption(name, value, each.metadata["unit"], each.metadata["source"])
