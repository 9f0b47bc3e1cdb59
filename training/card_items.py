"""The items of TRIPOD+AI on a card: what each asks, what its answer needs, and which are empty (see tripod.toml)."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

STATED = "statements."
TABLE = Path(__file__).parent / "tripod.toml"


@dataclass(frozen=True)
class Item:
    """One item: its number, the places in the card its answer needs, and by language question and template."""

    number: str
    places: tuple[str, ...]
    asks: Mapping[str, str]
    says: Mapping[str, str]


@cache
def items() -> tuple[Item, ...]:
    """All items in their order."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))["item"]
    return tuple(Item(each["number"], tuple(each["from"]), each["asks"], each["says"]) for each in table)


def empty_items(card: Mapping[str, Any]) -> list[str]:
    """The numbers of the items without an answer: a place in the card is absent or holds nothing."""
    return [item.number for item in items() if any(_is_empty(at(card, place)) for place in item.places)]


def unstated_items(card: Mapping[str, Any]) -> list[str]:
    """The numbers of the items that only the operator can answer, and did not."""
    return [
        item.number
        for item in items()
        if any(place.startswith(STATED) and _is_empty(at(card, place)) for place in item.places)
    ]


def at(card: Mapping[str, Any], place: str) -> Any:
    """What the card holds at a place such as "figures.counts"; None when it holds nothing there."""
    found: Any = card
    for name in place.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _is_empty(value: Any) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, Mapping | list | tuple) and len(value) == 0)
