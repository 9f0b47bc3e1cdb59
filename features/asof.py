"""The only door to the past: what was known at a prediction time.

Windows are (start, end]. An event counts in a lookback of L days at an as-of date T when it occurred in (T - L, T]
and the latest of its revisions known by the end of T is not a retraction. Labels look the other way, into
(T, T + horizon], with the knowledge of the snapshot; they go through `in_hindsight` and nothing else does.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from features import walk
from features.arrays import Codes, Days, Flags, Floats, Ints, Objects
from features.history import FEW, History, NamedColumns

LONG_AGO = np.int32(-(2**30))
ABSENT = ""  # among wanted codes: where the column says nothing

Wanted = str | tuple[str, ...]


@dataclass(frozen=True)
class Events:
    """Some of the events of a history (one kind, one outcome, ...), still sorted, with each person's first place.

    `places` are where they stand in the history; None stands for all of it.
    """

    history: History
    first: Ints
    occurred: Days
    known: Days
    until: Days
    places: npt.NDArray[np.int32] | None = None

    @cached_property
    def columns(self) -> walk.Columns:
        """What is searched, as the loops of `walk` take it."""
        return walk.Columns(self.first, self.occurred, self.known, self.until)

    @cached_property
    def sums(self) -> walk.Sums:
        """What counts of these events are taken from."""
        return walk.Sums(*walk.sums(self.columns))

    @cached_property
    def value(self) -> Floats:
        """The value of each, NaN where it has none."""
        return self.history.value if self.places is None else self.history.value[self.places]

    def code(self, column: str) -> Codes:
        """The code of each, a place in the levels of the column; -1 where it has none."""
        codes = self.history.codes[column]
        return codes if self.places is None else codes[self.places]

    def where(self, keep: Flags) -> "Events":
        """Those of these events for which `keep` is true."""
        places, first = walk.kept(self.first, keep)
        return Events(
            history=self.history,
            first=first,
            occurred=self.occurred[places],
            known=self.known[places],
            until=self.until[places],
            places=places.astype(np.int32) if self.places is None else self.places[places],
        )

    def flagged(self, column: str, wanted: Wanted) -> Flags:
        """True for each event whose column has one of the wanted codes, or none where ABSENT is wanted."""
        names = (wanted,) if isinstance(wanted, str) else wanted
        levels = self.history.levels[column]
        places = [levels.index(name) for name in names if name in levels]
        wanted_place = np.zeros(len(levels) + 1, dtype=np.bool_)  # the last one is that of absent values, -1
        wanted_place[places] = True
        wanted_place[-1] = ABSENT in names
        return wanted_place[self.code(column)]


def everything(history: History) -> Events:
    """All events of a history."""
    return Events(history, history.first, history.occurred, history.known, history.until)


@dataclass(frozen=True)
class Visible:
    """What was visible at each of some prediction times: one row for each (person, as-of date)."""

    history: History
    person: Ints
    as_of: Days
    seen_by: Days
    # What several features ask for is made once: selected events, and the first days of lookbacks.
    _selections: dict[tuple[tuple[str, Wanted], ...], Events] = field(default_factory=dict, repr=False, compare=False)
    _floors: dict[int | None, Days] = field(default_factory=dict, repr=False, compare=False)
    _answers: dict[Callable[["Visible"], Floats], Floats] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def at(cls, history: History, predictions: NamedColumns) -> "Visible":
        """The visible past for a table of (person_id, as_of); as_of in days since 1970-01-01."""
        # Its own copy: for a read-only array of pandas every loop would be compiled once more, while a reader waits.
        as_of = np.array(predictions["as_of"], dtype=np.int32)
        person = history.places_of(np.asarray(predictions["person_id"], dtype=object))
        return cls(history, person, as_of, as_of)

    def in_hindsight(self, seen_by: int) -> "Visible":
        """The same rows with the knowledge of a later day. For labels only: a feature must never call this."""
        return Visible(self.history, self.person, self.as_of, np.full(len(self.as_of), seen_by, dtype=np.int32))

    def of(self, **wanted: Wanted) -> "Selection":
        """The visible events whose columns (kind, outcome, substance, ...) have the wanted codes."""
        return Selection(self, self._events(tuple(wanted.items())), self.floor(None), self.as_of)

    def fact(self, column: str) -> Objects:
        """A fact fixed at registration, one for each row; None where the column or the value is absent."""
        if column not in self.history.persons:
            return np.full(len(self.person), None, dtype=object)
        values = np.asarray(self.history.persons[column], dtype=object)[self.person]
        values[pd.isna(values)] = None
        return values

    def once(self, ask: Callable[["Visible"], Floats]) -> Floats:
        """The answer to a question that several features ask, found once; it is not to be changed."""
        if ask not in self._answers:
            self._answers[ask] = ask(self)
        return self._answers[ask]

    def __len__(self) -> int:
        return len(self.as_of)

    def floor(self, days: int | None) -> Days:
        """The day before the first one of a lookback, for each row; long ago when days is None."""
        if days not in self._floors:
            far = np.full(len(self.as_of), LONG_AGO, dtype=np.int32)
            self._floors[days] = far if days is None else _days(self.as_of - days)
        return self._floors[days]

    def _events(self, wanted: tuple[tuple[str, Wanted], ...]) -> Events:
        if wanted not in self._selections:
            self._selections[wanted] = self._select(wanted)
        return self._selections[wanted]

    def _select(self, wanted: tuple[tuple[str, Wanted], ...]) -> Events:
        if not wanted:
            return everything(self.history)
        wider = self._events(wanted[:-1])  # the selection by kind is shared by all features of that kind
        column, names = wanted[-1]
        return wider.where(wider.flagged(column, names))


@dataclass(frozen=True)
class Selection:
    """Visible events of one sort in the window (floor, ceiling] of each row; the questions a feature may ask."""

    past: Visible
    events: Events
    floor: Days
    ceiling: Days

    def within(self, *, days: int | None) -> "Selection":
        """Those in the lookback (as_of - days, as_of]; all when days is None."""
        return Selection(self.past, self.events, self.past.floor(days), self.ceiling)

    def between(self, *, start_days: int, end_days: int) -> "Selection":
        """Those in (as_of - start_days, as_of - end_days]."""
        return Selection(self.past, self.events, self.past.floor(start_days), self.past.floor(end_days))

    def ahead(self, *, days: int) -> "Selection":
        """Those in the label window (as_of, as_of + days]; empty unless seen in hindsight."""
        return Selection(self.past, self.events, self.past.as_of, self.past.floor(-days))

    def since(self, day: Floats) -> "Selection":
        """Those after a day that differs by row; all where the day is NaN."""
        return Selection(self.past, self.events, _days(np.where(np.isnan(day), LONG_AGO, day)), self.ceiling)

    def where(self, keep: Flags) -> "Selection":
        """Those for which `keep`, one flag for each of the events, is true."""
        return Selection(self.past, self.events.where(keep), self.floor, self.ceiling)

    def count(self) -> Floats:
        """How many there are, for each row."""
        if len(self.events.occurred) <= FEW:  # one person's: making the sums would cost more than it saves
            return walk.count(self.rows(), self.columns())
        return walk.count_by_sums(self.rows(), self.columns(), self.events.sums)

    def count_days(self) -> Floats:
        """On how many different days, for each row."""
        return walk.count_days(self.rows(), self.columns())

    def total(self) -> Floats:
        """The sum of their values; 0 when there is none."""
        return walk.total(self.rows(), self.columns(), self.events.value)[0]

    def mean(self) -> Floats:
        """The mean of their values; NaN when there is none."""
        sums, present = walk.total(self.rows(), self.columns(), self.events.value)
        return share(sums, present)

    def last_value(self, *, back: int = 0) -> Floats:
        """The value of the latest (back=0), the one before (1), ...; NaN when there is none."""
        return _taken(self.events.value, self._latest(back))

    def last_day(self) -> Floats:
        """The day of the latest; NaN when there is none."""
        return _taken(self.events.occurred, self._latest(0))

    def first_day(self) -> Floats:
        """The day of the earliest; NaN when there is none."""
        return _taken(self.events.occurred, walk.earliest(self.rows(), self.columns()))

    def days_since_last(self) -> Floats:
        """Days from the latest to the as-of date; NaN when there is none."""
        return self.past.as_of - self.last_day()

    def last_is(self, column: str, wanted: Wanted, *, back: int = 0) -> Floats:
        """1 when the latest has one of the wanted codes, 0 when not, NaN when there is none."""
        return _taken(self.events.flagged(column, wanted), self._latest(back))

    def last_code(self, column: str) -> Codes:
        """The code of the latest, a place in the levels of the column; -1 when there is none or it has none."""
        places = self._latest(0)
        codes = self.events.code(column)
        return np.where(places >= 0, codes[places] if len(codes) else -1, -1).astype(np.int32)

    def run(self, column: str, wanted: Wanted) -> Floats:
        """The length of the unbroken run with the wanted codes that ends with the latest."""
        return walk.run(self.rows(), self.columns(), self.events.flagged(column, wanted))

    def _latest(self, back: int) -> Ints:
        return walk.latest(self.rows(), self.columns(), back)

    def rows(self) -> walk.Rows:
        """What is asked, as the loops of `walk` take it."""
        return walk.Rows(self.past.person, self.floor, self.ceiling, self.past.seen_by)

    def columns(self) -> walk.Columns:
        """What is searched, as the loops of `walk` take it."""
        return self.events.columns


def share(part: Floats, whole: Floats) -> Floats:
    """Part over whole; NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)


def _days(days: npt.NDArray[np.generic]) -> Days:
    return days.astype(np.int32)


def _taken(column: npt.NDArray[np.generic], places: Ints) -> Floats:
    if len(column) == 0:
        return np.full(len(places), np.nan)
    return np.where(places >= 0, column[places].astype(np.float64), np.nan)
