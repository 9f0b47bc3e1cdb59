"""Which items the gate of a hotspot model asks of a challenger."""

from dataclasses import dataclass
from typing import ClassVar

from training.gate_choice import refuse_items

# By cost: those after a gap are looked at only when all before it are passed.
ON_PAPER = ("record", "card", "fresh", "newer")
ON_PLACES = ("sound", "leak", "later")
SIMULATED = ("feedback",)
ITEMS = ON_PAPER + ON_PLACES + SIMULATED


@dataclass(frozen=True)
class HotspotGate:
    """The gate: its items, and by how many days the store's records may be newer than those learned from.

    `fewer_items`: items that the champion passed may be left out.
    """

    whole: ClassVar[tuple[str, ...]] = ITEMS

    items: tuple[str, ...] = ITEMS
    most_behind_days: int = 60
    fewer_items: bool = False

    def __post_init__(self) -> None:
        refuse_items(self.items, ITEMS)
