"""Event revisions in sorted columns: the form in which the past can be asked quickly and exactly.

Days are whole numbers since 1970-01-01. A revision is in force from the day it became known until the day
a later revision of the same event became known; a retraction ends what came before and says nothing itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from features.arrays import Codes, Days, Floats, Ints, Objects
from features.stations import StationMonths
from features.vocabulary import LAST_OF_A_DAY

NEVER = np.int32(2**31 - 1)
FEW = 2000  # rows up to which a plain dictionary is faster than pandas: one person's
CODED = ("kind", "outcome", "substance", "source", "station_id", "note_code")


WORDS = ("person_id", *CODED)
NEEDED = ("event_id", "revision", "retracted", "occurred_on", "known_on", "value", *WORDS)


def read_events(path: Path) -> pd.DataFrame:
    """The columns a history is made of from a Parquet file of events, words as categories: a third of the memory."""
    table = pq.read_table(path, columns=list(NEEDED), read_dictionary=list(WORDS))
    return table.to_pandas(self_destruct=True, split_blocks=True, ignore_metadata=True)


class NamedColumns(Protocol):
    """NamedColumns by name: a data frame, or a dictionary of lists or arrays."""

    def __getitem__(self, column: str, /) -> Any: ...

    def __contains__(self, column: object, /) -> bool: ...

    def __iter__(self) -> Iterator[Any]: ...


@dataclass(frozen=True)
class History:
    """All revisions of some persons, sorted by person, then day, then content.

    `first[p] : first[p + 1]` are the rows of person `p`. `codes[column]` are places in the sorted `levels[column]`;
    -1 stands for an absent value. Rows with equal content are interchangeable, so the order never depends on
    how the rows arrived. `stations` holds what the histories of all persons together told of their stations, where that
    is known.
    """

    person_ids: Objects
    first: Ints
    occurred: Days
    known: Days
    until: Days
    value: Floats
    codes: dict[str, Codes]
    levels: dict[str, tuple[str, ...]]
    persons: NamedColumns
    stations: StationMonths | None = None

    @classmethod
    def of(cls, events: NamedColumns, persons: NamedColumns, stations: StationMonths | None = None) -> "History":
        """The history of the persons listed, from checked columns (see `schema`; days are whole numbers)."""
        person_ids = np.sort(np.asarray(persons["person_id"], dtype=object))
        person = _found(person_ids, events["person_id"])
        known = np.asarray(events["known_on"], dtype=np.int32)
        until = _in_force_until(events, known)
        coded = {column: _coded(events[column]) for column in CODED}
        occurred = np.asarray(events["occurred_on"], dtype=np.int32)
        value = np.asarray(events["value"], dtype=np.float64)
        # A revision that was replaced on the day it became known, or says "retracted", is never in force. What came
        # before its person was registered is left aside until then.
        ever = np.flatnonzero((until > known) & ~np.asarray(events["retracted"], dtype=np.bool_) & (person >= 0))
        content: list[npt.NDArray[Any]] = [value, known, *(_rank(*coded[column]) for column in reversed(CODED))]
        order = ever[_sorted(person[ever], occurred[ever], [key[ever] for key in content])]
        held = np.bincount(person[order], minlength=len(person_ids))
        return cls(
            person_ids=person_ids,
            first=np.concatenate(([0], np.cumsum(held, dtype=np.int64))),
            occurred=occurred[order],
            known=known[order],
            until=until[order],
            value=value[order],
            codes={column: codes[order] for column, (codes, _) in coded.items()},
            levels={column: levels for column, (_, levels) in coded.items()},
            persons=_in_order(persons, person_ids),
            stations=stations,
        )

    def places_of(self, person_ids: Sequence[str] | Objects) -> Ints:
        """The place of each person in this history; LookupError when one is not listed."""
        places = _found(self.person_ids, np.asarray(person_ids, dtype=object))
        if (places < 0).any():
            raise LookupError("a person asked for is not in this history")
        return places

    def __len__(self) -> int:
        return len(self.occurred)


def _in_order(persons: NamedColumns, person_ids: Objects) -> NamedColumns:
    """The facts in the order of the persons; online they come so, and a frame costs more there than the answer."""
    if np.array_equal(np.asarray(persons["person_id"], dtype=object), person_ids):
        return persons
    return pd.DataFrame({name: persons[name] for name in persons}).set_index("person_id").reindex(person_ids)


def _found(person_ids: Objects, wanted: Any) -> Ints:
    """The place of each person wanted, -1 for one who is not listed."""
    if len(person_ids) == 1:  # one person online
        places = np.where(np.asarray(wanted, dtype=object) == person_ids[0], 0, -1)
    else:
        codes, different = pd.factorize(_hashable(wanted))
        places = pd.Index(person_ids).get_indexer(pd.Index(different, dtype=object))[codes]
    return places.astype(np.int64)


def _sorted(person: Ints, occurred: Days, content: Sequence[npt.NDArray[Any]]) -> Ints:
    """The order by person, day and content; cheap where rows come sorted by person and day, as a snapshot's do."""
    day_of_person = (person << 32) + occurred
    order = np.argsort(day_of_person, kind="stable")
    same = np.diff(day_of_person[order]) == 0
    tied = np.flatnonzero(np.concatenate(([False], same)) | np.concatenate((same, [False])))
    rows = order[tied]  # only these need a look at their content
    keys = [*(key[rows] for key in content), day_of_person[rows]]
    order[tied] = rows[np.lexsort(keys)]
    return order


def _in_force_until(events: NamedColumns, known: Days) -> Days:
    """The day from which a later revision of the same event replaces each row; NEVER when none does.

    A later revision that became known earlier replaces this one at once, hence the running minimum from the last.
    """
    until = np.full(len(known), NEVER, dtype=np.int32)
    revision = np.asarray(events["revision"], dtype=np.int64)
    if not (revision > 1).any():
        return until
    event_ids = pa.array(events["event_id"])
    place = pc.index_in(event_ids, value_set=event_ids.filter(pa.array(revision > 1)).unique())
    event = place.fill_null(-1).to_numpy()
    revised = np.flatnonzero(event >= 0)
    rows = revised[np.lexsort((-revision[revised], event[revised]))]  # each event's together, the last revision first
    until[rows] = _soonest_before(event[rows], known[rows])
    return until


def _soonest_before(event: Codes, known: Days) -> Days:
    """For each row the smallest day of the rows before it of the same event, NEVER for its first; sorted by event.

    A day lies less than 2**32 from any other. Lowered by 2**32 for each event, the days of an event are below all of
    the events before it, so that one running minimum begins anew with each.
    """
    lowered = event.astype(np.int64) << 32
    soonest = (np.minimum.accumulate(known - lowered) + lowered).astype(np.int32)
    return np.where(np.diff(event, prepend=-1) != 0, NEVER, np.roll(soonest, 1)).astype(np.int32)


def _rank(codes: Codes, levels: tuple[str, ...]) -> Codes:
    """The order of codes within a day: by name, after them what by its meaning comes last."""
    by_meaning = sorted(range(len(levels)), key=lambda place: (levels[place] in LAST_OF_A_DAY, levels[place]))
    ranks = np.empty(len(levels) + 1, dtype=np.int32)
    ranks[by_meaning] = np.arange(len(levels))
    ranks[-1] = -1  # an absent value comes first
    return ranks[codes]


def _coded(column: Any) -> tuple[Codes, tuple[str, ...]]:
    """The column as places in its sorted levels, -1 for absent, and the levels."""
    if len(column) > FEW:
        codes, found = pd.factorize(_hashable(column), sort=True)
        return codes.astype(np.int32), tuple(str(level) for level in found)
    values = np.asarray(column, dtype=object)
    levels = sorted(value for value in set(values) if isinstance(value, str))
    place = {level: place for place, level in enumerate(levels)}
    return np.fromiter(map(place.get, values, repeat(-1)), dtype=np.int32, count=len(values)), tuple(levels)


def _hashable(column: Any) -> Any:
    """The column as pandas takes it for hashing: a list as an array, anything else as it is."""
    return np.array(column, dtype=object) if isinstance(column, list) else column
