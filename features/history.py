"""Event revisions in sorted columns: the form in which the past can be asked quickly and exactly.

Days are whole numbers since 1970-01-01. A revision is in force from the day it became known until the day
a later revision of the same event became known; a retraction ends what came before and says nothing itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Days = npt.NDArray[np.int32]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

NEVER = np.int32(2**31 - 1)
CODED = ("kind", "outcome", "substance", "source", "station_id", "note_code")


@dataclass(frozen=True)
class History:
    """All revisions of some persons, sorted by person, then day, then content.

    `first[p] : first[p + 1]` are the rows of person `p`. `codes[column]` are places in the sorted `levels[column]`;
    -1 stands for an absent value. Rows with equal content are interchangeable, so the order never depends on
    how the rows arrived.
    """

    person_ids: npt.NDArray[np.object_]
    first: npt.NDArray[np.int64]
    occurred: Days
    known: Days
    until: Days
    value: Floats
    codes: dict[str, Codes]
    levels: dict[str, tuple[str, ...]]
    persons: pd.DataFrame

    @classmethod
    def of(cls, events: pd.DataFrame, persons: pd.DataFrame) -> "History":
        """The history of the persons listed, from checked tables (columns as in `schema`, days as integers)."""
        person_ids = np.sort(persons["person_id"].to_numpy(dtype=object))
        person = _places(person_ids, events["person_id"])
        known = events["known_on"].to_numpy(dtype=np.int32)
        until = _in_force_until(events, known)
        columns = {column: _coded(events[column]) for column in CODED}
        occurred = events["occurred_on"].to_numpy(dtype=np.int32)
        value = events["value"].to_numpy(dtype=np.float64)
        # A revision that was replaced on the day it became known, or says "retracted", is never in force.
        ever = np.flatnonzero((until > known) & ~events["retracted"].to_numpy(dtype=bool))
        content = [value, known, *(columns[column][0] for column in reversed(CODED))]
        order = ever[_sorted(person[ever], occurred[ever], [key[ever] for key in content])]
        return cls(
            person_ids=person_ids,
            first=np.concatenate(([0], np.cumsum(np.bincount(person[order], minlength=len(person_ids))))).astype(
                np.int64
            ),
            occurred=occurred[order],
            known=known[order],
            until=until[order],
            value=value[order],
            codes={column: codes[order] for column, (codes, _) in columns.items()},
            levels={column: levels for column, (_, levels) in columns.items()},
            persons=persons.set_index("person_id").reindex(person_ids),
        )

    def places_of(self, person_ids: Sequence[str] | npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
        """The place of each person in this history; LookupError when one is not listed."""
        return _places(self.person_ids, person_ids)

    def __len__(self) -> int:
        return len(self.occurred)


def _places(person_ids: npt.NDArray[np.object_], wanted: Any) -> npt.NDArray[np.int64]:
    places = pd.Index(person_ids).get_indexer(pd.Index(wanted, dtype=object))
    if (places < 0).any():
        raise LookupError("a person asked for is not in this history")
    return places.astype(np.int64)


def _sorted(
    person: npt.NDArray[np.int64], occurred: Days, content: Sequence[npt.NDArray[Any]]
) -> npt.NDArray[np.int64]:
    """The order by person, day and content; cheap where rows come sorted by person and day, as a snapshot's do."""
    day_of_person = (person << 32) + occurred
    order = np.argsort(day_of_person, kind="stable")
    same = np.diff(day_of_person[order]) == 0
    tied = np.flatnonzero(np.concatenate(([False], same)) | np.concatenate((same, [False])))
    rows = order[tied]  # only these need a look at their content
    keys = [*(key[rows] for key in content), day_of_person[rows]]
    order[tied] = rows[np.lexsort(keys)]
    return order


def _in_force_until(events: pd.DataFrame, known: Days) -> Days:
    """The day from which a later revision of the same event replaces each row; NEVER when none does.

    A later revision that became known earlier replaces this one at once, hence the running minimum from the last.
    """
    until = np.full(len(events), NEVER, dtype=np.int32)
    later = events["event_id"][(events["revision"] > 1).to_numpy()]
    if later.empty:
        return until
    revised = np.flatnonzero(events["event_id"].isin(later).to_numpy())
    chain = pd.DataFrame(
        {
            "event_id": events["event_id"].to_numpy(dtype=object)[revised],
            "revision": events["revision"].to_numpy()[revised],
            "known": known[revised],
            "row": revised,
        }
    ).sort_values(["event_id", "revision"], ascending=[True, False])
    soonest = chain.groupby("event_id")["known"].cummin()
    replaced = soonest.groupby(chain["event_id"]).shift(1, fill_value=int(NEVER))
    until[chain["row"].to_numpy()] = replaced.to_numpy(dtype=np.int32)
    return until


def _coded(column: pd.Series) -> tuple[Codes, tuple[str, ...]]:
    """The column as places in its sorted levels, -1 for absent, and the levels."""
    codes, levels = pd.factorize(column, sort=True)
    return codes.astype(np.int32), tuple(str(level) for level in levels)
