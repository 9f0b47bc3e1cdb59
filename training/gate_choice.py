"""Which items a task's gate asks of a challenger, how strict they are, and what its operator states for the card."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from features.errors import ConfigError
from features.words import nearest

# By cost: those after a gap are looked at only when all before it are passed.
ON_PAPER = ("sound", "features", "card", "fresh", "newer", "baselines")
ON_ROWS = ("later", "calibration", "groups", "leak")
SIMULATED = ("feedback",)
ITEMS = ON_PAPER + ON_ROWS + SIMULATED


@dataclass(frozen=True)
class GateChoice:
    """The gate of a task: its items, and from where on an item refuses.

    `most_behind_days`: how much newer the store's records may be than those learned from. `most_off`: log-odds by which
    risks may be too low or too high on the whole; `most_off_in_groups`: in a group; `slopes`: calibration slopes that
    pass; refused is what is surely beyond, by the whole of its 95 % interval. `proof_edits`: edits of the leak proof.
    `most_drift`: how much AUROC against true use ten rounds of feedback may cost, and how much they may raise the share
    of tests that fall to a tenth of persons; four times that the log-odds by which risks may run away from true use.
    `fewer_items`: items that the champion passed may be left out.
    """

    whole: ClassVar[tuple[str, ...]] = ITEMS

    items: tuple[str, ...] = ITEMS
    most_behind_days: int = 60
    most_off: float = 0.25
    most_off_in_groups: float = 0.4
    slopes: tuple[float, float] = (0.6, 1.6)
    least_persons: int = 50
    least_relapses: int = 10
    proof_edits: int = 1000
    most_drift: float = 0.1
    fewer_items: bool = False

    def __post_init__(self) -> None:
        refuse_items(self.items, ITEMS)


def refuse_items(items: Sequence[str], known: Sequence[str]) -> None:
    """ConfigError when a gate has no item, or one that is not known."""
    if not items:
        raise ConfigError(f"gate: items is empty, so that any model would pass; name some of {', '.join(known)}.")
    unknown = [name for name in items if name not in known]
    if unknown:
        raise ConfigError(
            f"gate: there is no item {', '.join(unknown)} (known: {', '.join(known)}){nearest(unknown, known)}."
        )


@dataclass(frozen=True)
class Statements:
    """What only the operator can say on the card of a model; TRIPOD+AI asks for each, and no default answers it.

    `contact`: whom to ask about model and data. What is not stated stays empty, and the gate's item `card` refuses it.
    """

    funding: str = ""
    interests: str = ""
    registration: str = ""
    ethics: str = ""
    involvement: str = ""
    contact: str = ""
    protocol: str = ""  # beside the configuration, which the card holds
