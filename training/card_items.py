"""The items of TRIPOD+AI on a card: what each asks, and the answer found in the card (see tripod.toml)."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parent / "tripod.toml"
MOST_LISTED = 6


@dataclass(frozen=True)
class Item:
    """One item: its number, the places in the card its answer comes from, and texts by language."""

    number: str
    places: tuple[str, ...]
    asks: Mapping[str, str]
    says: Mapping[str, str] = field(default_factory=dict)


@cache
def items() -> tuple[Item, ...]:
    """All items in their order."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))["item"]
    return tuple(Item(each["number"], tuple(each["from"]), each["asks"], each.get("says", {})) for each in table)


def empty_items(card: Mapping[str, Any]) -> list[str]:
    """The numbers of the items without an answer: a place in the card is absent or holds nothing."""
    return [item.number for item in items() if any(_is_empty(at(card, place)) for place in item.places)]


def at(card: Mapping[str, Any], place: str) -> Any:
    """What the card holds at a place such as "figures.counts"; None when it holds nothing there."""
    found: Any = card
    for name in place.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def answers(card: Mapping[str, Any], language: str) -> Iterator[tuple[str, str, str]]:
    """Number, question and answer of each item, in words."""
    for item in items():
        told = [item.says[language]] if item.says else []
        told += [text for place in item.places if (text := _in_words(place, at(card, place)))]
        yield item.number, item.asks[language], " ".join(told)


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str | Mapping | list | tuple) and len(value) == 0)


def _in_words(place: str, value: Any) -> str:
    """A value with its name in short; what is large is named, and stands in a section of its own."""
    name = place.rsplit(".", maxsplit=1)[-1]
    if isinstance(value, Mapping):
        flat = {key: each for key, each in value.items() if not isinstance(each, Mapping | list | tuple) and each != ""}
        listed = ", ".join(f"{key} {each}" for key, each in list(flat.items())[:MOST_LISTED])
        return f"{name}: {listed or ', '.join(map(str, value))}."
    if isinstance(value, list | tuple):
        listed = ", ".join(str(each) for each in value[:MOST_LISTED])
        more = f" (+{len(value) - MOST_LISTED})" if len(value) > MOST_LISTED else ""
        return f"{name}: {listed}{more}."
    return value if isinstance(value, str) and " " in value else f"{name}: {value}."
