"""What the steps of a week share, and what befalls people in it."""

from dataclasses import dataclass

import numpy as np

from features.arrays import Flags, Floats, Ints
from training.city.figures import Figures
from training.city.ground import Ground
from training.city.people import People
from training.city.state import State
from training.city.weeks import some_days


@dataclass(frozen=True)
class World:
    """The ground, the persons on it, and the source of chance. Another source makes another future of one state."""

    ground: Ground
    people: People
    rng: np.random.Generator

    @property
    def figures(self) -> Figures:
        """The figures of the place."""
        return self.ground.figures

    def monday(self, week: int) -> int:
        """The Monday of a week, days since 1970-01-01."""
        return self.ground.weeks.monday(week)

    def chance(self, among: Flags, probability: Floats | float) -> Ints:
        """Whom it befalls, of those it may befall."""
        return np.flatnonzero(among & (self.rng.random(len(among)) < probability))

    def day_in(self, week: int, n: int) -> Ints:
        """A day of the week for each of n persons."""
        return self.monday(week) + self.rng.integers(0, 7, n)

    def days(self, span: tuple[int, int], n: int) -> Ints:
        """So many numbers of days, each evenly between the first and the last of the span, both included."""
        return some_days(span, n, self.rng)


@dataclass(frozen=True)
class Entry:
    """One kind of event that befell some persons: who, on what day, where each lived, a remark, days or points."""

    kind: str
    outcome: str
    who: Ints
    day: Ints
    township: Ints
    station: Ints
    note: str
    value: Floats | None


@dataclass(frozen=True)
class Ledger:
    """The events that change where a person stands, as they befall people in one week."""

    entries: list[Entry]

    def note(  # noqa: PLR0913 (an event is told of by these)
        self,
        kind: str,
        who: Ints,
        day: Ints,
        state: State,
        outcome: str = "",
        *,
        remark: str = "",
        value: Floats | None = None,
    ) -> None:
        """Write down that a kind of event befell these persons on these days, where each lives now."""
        if len(who):
            place = state.township[who], state.station[who]
            self.entries.append(Entry(kind, outcome, who, day, *place, remark, value))
