"""The level of support a person is offered: a written rule of risk and of what the station's workers can do.

The rule, in the words of docs/support.md: of the thirty persons of a worker the three with the highest risk are
offered intensive support, the next six enhanced, the next twelve regular, all others light; the places of a station's
workers are counted together. Whoever's risk is one half or more is offered enhanced support at least, whoever's is
under one in twenty needs no more than light. These numbers are our assumption; together they ask about forty meetings
a month of a worker, two a working day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from features.arrays import Floats

CASES_A_WORKER = 30  # DOMAIN.md: one social worker to 30 persons
LEVELS = ("intensive", "enhanced", "regular", "light")
BY_RULE = "rule"  # who set a level that nobody changed
PLACES_A_WORKER: Mapping[str, int] = {"intensive": 3, "enhanced": 6, "regular": 12}
ENHANCED_AT_LEAST_FROM = 0.5
LIGHT_BELOW = 0.05
MEET_EVERY_DAYS: Mapping[str, int] = {"intensive": 7, "enhanced": 14, "regular": 30, "light": 61}
HOLDS_DAYS: Mapping[str, int] = {"intensive": 14, "enhanced": 30, "regular": 30, "light": 30}


@dataclass(frozen=True)
class Capacity:
    """How many persons a station's workers can look after. `told`: their number is recorded, not guessed."""

    workers: int
    told: bool

    @classmethod
    def of(cls, workers: int | None, *, n_persons: int) -> "Capacity":
        """The capacity of so many workers; as many as the persons would need where no number is recorded."""
        if workers is None:
            return cls(max(1, -(-n_persons // CASES_A_WORKER)), told=False)
        return cls(workers, told=True)

    @property
    def persons(self) -> int:
        """Persons the station can look after."""
        return CASES_A_WORKER * self.workers


def levels(risks: Floats, capacity: Capacity) -> list[str]:
    """The level of each person scored at a station, in the order of the risks; equal risks share the higher level."""
    higher = np.searchsorted(np.sort(-risks), -risks, side="left")  # how many persons have a higher risk
    ends = capacity.workers * np.cumsum([PLACES_A_WORKER[level] for level in LEVELS[:-1]])
    places = np.searchsorted(ends, higher, side="right")
    places = np.where(risks >= ENHANCED_AT_LEAST_FROM, np.minimum(places, LEVELS.index("enhanced")), places)
    places = np.where(risks < LIGHT_BELOW, LEVELS.index("light"), places)
    return [LEVELS[place] for place in places]


def ends_on(level: str, as_of: date, score_expires_on: date) -> date:
    """The last day a level holds: it is to be looked at again then, and never outlives its score."""
    return min(as_of + timedelta(days=HOLDS_DAYS[level]), score_expires_on)
