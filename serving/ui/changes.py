"""What changed since the last score, as a page tells it: how far the risk moved, and what drew it either way."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from serving.history_messages import GivenScore, ReasonChange, ScoreChanges

MOST_A_SIDE = 6
NUMBER = re.compile(r"\d+(?:\.\d+)?%?")


@dataclass(frozen=True)
class Told:
    """A reason as it is told: what it says now, and what it said then, the number alone where nothing else differs.

    `then` is empty where it says the same.
    """

    now: str
    then: str

    @classmethod
    def of(cls, change: ReasonChange) -> "Told":
        """A change as it is told."""
        now, then = change.text_now, change.text_then
        if now == then:
            return cls(now, "")
        pairs = zip(NUMBER.findall(now), NUMBER.findall(then), strict=False)
        differing = [was for is_now, was in pairs if is_now != was]
        says_alike = NUMBER.sub("", now) == NUMBER.sub("", then)
        return cls(now, differing[0] if says_alike and len(differing) == 1 else then)


@dataclass(frozen=True)
class Side:
    """The reasons that draw the estimate one way, `raises` or `lowers`, the strongest first."""

    direction: str
    changes: tuple[Told, ...]


@dataclass(frozen=True)
class Moved:
    """How the score moved since an earlier one.

    `points`: percentage points between the two risks as they are told; `sides`: first the one it moved to, none empty;
    `n_more`: how many lesser changes are not listed.
    """

    since: GivenScore
    points: int
    sides: tuple[Side, ...]
    n_more: int


def moved(changed: ScoreChanges | None) -> Moved | None:
    """How the score moved; None where there is no score, or none before it."""
    if changed is None or changed.since is None:
        return None
    rises = changed.now.risk >= changed.since.risk
    sides = [_side(each, changed.changes) for each in (("raises", "lowers") if rises else ("lowers", "raises"))]
    n_listed = sum(len(each.changes) for each in sides)
    n_all = len(changed.changes) + (changed.others.count if changed.others else 0)
    points = round(100 * changed.now.risk) - round(100 * changed.since.risk)
    return Moved(changed.since, points, tuple(each for each in sides if each.changes), n_all - n_listed)


def _side(direction: str, changes: Sequence[ReasonChange]) -> Side:
    found = [each for each in changes if each.direction == direction][:MOST_A_SIDE]
    return Side(direction, tuple(map(Told.of, found)))
