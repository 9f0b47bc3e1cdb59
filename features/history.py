"""Event revisions in sorted columns: the form in which the past can be asked quickly and exactly.

Days are whole numbers since 1970-01-01. A revision is in force from the day it became known until the day
a later revision of the same event became known; a retraction ends what came before and says nothing itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Days = npt.NDArray[np.int32]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]

NEVER = np.int32(2**31 - 1)
CODED = ("kind", "outcome", "substance", "source", "station_id")


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
        person_ids = np.unique(persons["person_id"].to_numpy(dtype=object))
        person = np.searchsorted(person_ids, events["person_id"].to_numpy(dtype=object))
        known = events["known_on"].to_numpy(dtype=np.int32)
        until = _in_force_until(events, known)
        codes, levels = {}, {}
        for column in CODED:
            codes[column], levels[column] = _coded(events[column])
        occurred = events["occurred_on"].to_numpy(dtype=np.int32)
        value = events["value"].to_numpy(dtype=np.float64)
        # A revision that was replaced on the day it became known, or says "retracted", is never in force.
        ever = np.flatnonzero((until > known) & ~events["retracted"].to_numpy(dtype=bool))
        keys = [value, known, *(codes[column] for column in reversed(CODED)), occurred, person]
        order = ever[np.lexsort([key[ever] for key in keys])]
        first = np.searchsorted(person[order], np.arange(len(person_ids) + 1)).astype(np.int64)
        return cls(
            person_ids=person_ids,
            first=first,
            occurred=occurred[order],
            known=known[order],
            until=until[order],
            value=value[order],
            codes={column: code[order] for column, code in codes.items()},
            levels=levels,
            persons=persons.set_index("person_id").reindex(person_ids),
        )

    def places_of(self, person_ids: Sequence[str] | npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
        """The place of each person in this history; KeyError-free: every person asked for must be listed."""
        wanted = np.asarray(person_ids, dtype=object)
        if len(self.person_ids) == 0:
            raise LookupError("this history holds no persons")
        places = np.minimum(np.searchsorted(self.person_ids, wanted), len(self.person_ids) - 1)
        if not (self.person_ids[places] == wanted).all():
            raise LookupError("a person asked for is not in this history")
        return places.astype(np.int64)

    def __len__(self) -> int:
        return len(self.occurred)


def _in_force_until(events: pd.DataFrame, known: Days) -> Days:
    """The day from which a later revision of the same event replaces each row; NEVER when none does.

    A later revision that became known earlier replaces this one at once, hence the running minimum from the last.
    """
    until = np.full(len(events), NEVER, dtype=np.int32)
    revised = np.flatnonzero(events["event_id"].duplicated(keep=False).to_numpy())
    if len(revised) == 0:
        return until
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
