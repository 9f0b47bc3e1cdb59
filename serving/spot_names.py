"""Names beside the spots of a chart, none over another."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HIGH, WIDE = 14.0, 12.0  # of a line and of its widest letter, at a font of 12
BESIDE, DOWN = 8.0, 4.0  # of a spot's middle
ROUNDING = 1e-6  # names a line apart stand side by side, whatever their sum was rounded to


@dataclass(frozen=True)
class Spot:
    """Where a spot lies, and its name."""

    x: float
    y: float
    name: str


@dataclass(frozen=True)
class Placed:
    """Where a name stands: from `x` on, or where it `ends`, on the line at `y`."""

    x: float
    y: float
    name: str
    ends: bool

    def hides(self, other: "Placed") -> bool:
        """Whether another name lies over this one."""
        (first, last), (start, end) = self._reach, other._reach
        return abs(self.y - other.y) < HIGH - ROUNDING and first < end and start < last

    @property
    def _reach(self) -> tuple[float, float]:
        long = WIDE * len(self.name)
        return (self.x - long, self.x) if self.ends else (self.x, self.x + long)


def placed(spots: Sequence[Spot], *, width: float, lowest: float) -> Iterator[Placed]:
    """The names, the highest spot's first: each beside its spot on the side with more room, lower where one stands.

    A name for which there is no room above `lowest` is left out.
    """
    done: list[Placed] = []
    for spot in sorted(spots, key=lambda each: (each.y, each.x)):
        ends = spot.x > width / 2
        y = spot.y + DOWN
        while y <= lowest:
            name = Placed(spot.x - BESIDE if ends else spot.x + BESIDE, y, spot.name, ends)
            hidden = [each.y for each in done if each.hides(name)]
            if not hidden:
                done.append(name)
                yield name
                break
            y = max(hidden) + HIGH
