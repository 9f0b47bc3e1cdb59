"""The weeks of a block laid side by side, arrays of (week, person), and what befell whom over all of them."""

from dataclasses import dataclass, replace

import numpy as np

from features.arrays import Flags, Floats, Ints
from training.city.state import State
from training.city.step import Week
from training.city.testing import Tests
from training.city.world import Entry


@dataclass(frozen=True)
class Diary:
    """All weeks of a block; the fields are those of `Week` and its tests, with the week as first axis."""

    alive: Flags
    routine: Flags
    silent: Flags
    aftercare: Flags  # out of any programme after completing one
    programme: Ints
    township: Ints
    station: Ints
    employed: Flags
    strain: Floats
    hazard: Floats
    use_days: Flags  # (week, person, 7)
    used: Flags
    urine: Ints
    urine_day: Ints
    why: Ints
    hair: Ints
    hair_day: Ints
    counselling: Ints
    entries: list[Entry]

    def enter(self, number: int, week: Week, state: State) -> None:
        """Write a week down."""
        for name in ("alive", "routine", "silent", "programme", "township", "station", "employed", "strain", "hazard"):
            getattr(self, name)[number] = getattr(week, name)
        for name in Tests.__dataclass_fields__:
            getattr(self, name)[number] = getattr(week.tests, name)
        self.use_days[number], self.used[number] = week.use_days, week.used
        self.counselling[number] = week.counselling
        self.aftercare[number] = state.in_aftercare()
        self.entries.extend(week.befell)

    def befell(self) -> list[Entry]:
        """The entries joined to one for each kind, outcome and note, in the order these first befell anyone."""
        alike: dict[tuple[str, str, str], list[Entry]] = {}
        for entry in self.entries:
            alike.setdefault((entry.kind, entry.outcome, entry.note), []).append(entry)
        return [_joined(entries) for entries in alike.values()]


def blank_diary(n_weeks: int, n_persons: int) -> Diary:
    """A diary of so many weeks and persons with nothing in it; numbers as small as they may be."""
    shape = (n_weeks, n_persons)
    flags = {
        name: np.zeros(shape, np.bool_) for name in ("alive", "routine", "silent", "aftercare", "employed", "used")
    }
    codes = {name: np.zeros(shape, np.int8) for name in ("programme", "urine", "why", "hair", "counselling")}
    places = {name: np.zeros(shape, np.int16) for name in ("township", "station")}
    days = {name: np.zeros(shape, np.int32) for name in ("urine_day", "hair_day")}
    hidden = {name: np.zeros(shape, np.float32) for name in ("strain", "hazard")}
    use_days = np.zeros((*shape, 7), np.bool_)
    return Diary(use_days=use_days, entries=[], **flags, **codes, **places, **days, **hidden)  # type: ignore[arg-type]


def _joined(entries: list[Entry]) -> Entry:
    first = entries[0]
    value = None if first.value is None else np.concatenate([e.value for e in entries if e.value is not None])
    return replace(
        first,
        who=np.concatenate([entry.who for entry in entries]),
        day=np.concatenate([entry.day for entry in entries]),
        township=np.concatenate([entry.township for entry in entries]),
        station=np.concatenate([entry.station for entry in entries]),
        value=value,
    )
