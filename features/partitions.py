"""A history larger than memory, in parts of whole persons.

A snapshot's events lie sorted by person, so a part is a run of rows that ends where a person ends. What is done to one
part is a pure, picklable function of plain values: the same call can be handed to a cluster, part by part.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.asof import Visible
from features.catalogue import Feature, compute
from features.cohort import ELIGIBLE, Cohort, why_not
from features.errors import ConfigError, StoreError
from features.history import NEEDED, WORDS, History
from features.stations import StationMonths

BATCH_ROWS = 131_072
# Measured on 1.8 million events: what Python, its packages and the reading of pieces take, what one event needs while
# its part is sorted and looked at, and one value of a row until it is written.
BASE_MB = 420
BYTES_AN_EVENT = 450
BYTES_A_VALUE = 30
LEAST_MB = 500


@dataclass(frozen=True)
class Size:
    """How large a part may be: events held at once, and persons whose rows are held at once."""

    events: int
    persons: int


@dataclass(frozen=True)
class Task:
    """What is computed of every part: the cohort at some as-of dates (days since 1970-01-01) and its features."""

    cohort: Cohort
    features: tuple[Feature, ...]
    days: tuple[int, ...]

    def size(self, memory_mb: int) -> Size:
        """The largest part that keeps the process within the memory; half of the room is for events, half for rows."""
        if memory_mb < LEAST_MB:
            raise ConfigError(
                f"features: {memory_mb} MB are too little, for Python and its packages take {BASE_MB}; "
                f"give {LEAST_MB} or more with --memory-mb."
            )
        half = (memory_mb - BASE_MB) * 1_000_000 // 2
        a_person = max(1, len(self.days) * len(self.features) * BYTES_A_VALUE)
        return Size(events=half // BYTES_AN_EVENT, persons=max(1, half // a_person))

    def needed_mb(self, events: int, persons: int) -> int:
        """What the process would need to compute all in one part."""
        values = persons * len(self.days) * len(self.features)
        return BASE_MB + (events * BYTES_AN_EVENT + values * BYTES_A_VALUE) // 1_000_000


def parts(path: Path, size: Size) -> Iterator[pd.DataFrame]:
    """Events of whole persons, in order; a part is larger than `size` only when one person alone is."""
    file = pq.ParquetFile(path, read_dictionary=list(WORDS))
    ends = iter(cuts(path, size))
    end, start, held = next(ends, 0), 0, pa.table({})
    for batch in file.iter_batches(BATCH_ROWS, columns=list(NEEDED)):
        here = pa.Table.from_batches([batch])
        held = pa.concat_tables([held, here]) if len(held) else here
        while end <= start + len(held) and len(held):
            yield held.slice(0, end - start).unify_dictionaries().to_pandas(ignore_metadata=True)
            held, start, end = held.slice(end - start), end, next(ends, file.metadata.num_rows + 1)


def cuts(path: Path, size: Size) -> list[int]:
    """The row after the last of each part; the last of them is the number of rows."""
    found: list[int] = []
    start, persons, before = 0, 0, 0  # of the part being filled: its first row, its persons, where the last one ends
    for end in _ends(path):
        if persons and (end - start > size.events or persons >= size.persons):
            found.append(before)
            start, persons = before, 0
        persons, before = persons + 1, end
    return [*found, before] if before else []


def _ends(path: Path) -> Iterator[int]:
    """The row after the last of each person, from one column read piece by piece."""
    file = pq.ParquetFile(path, read_dictionary=["person_id"])
    row, last = 0, ""
    for batch in file.iter_batches(BATCH_ROWS, columns=["person_id"]):
        codes = batch.column(0).indices.to_numpy()
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        ids = [last, *batch.column(0).dictionary.take(pa.array(codes[starts])).to_pylist()]
        if any(one > other for one, other in pairwise(ids)):
            raise StoreError("snapshot: its events are not sorted by person, as a snapshot's are; write it again.")
        same = bool(row) and ids[1] == last  # a person goes on from one piece to the next
        yield from (row + starts[1 if same or not row else 0 :]).tolist()
        row, last = row + len(codes), ids[-1]
    if row:
        yield row


def features_of(
    events: pd.DataFrame, persons: pd.DataFrame, task: Task, stations: StationMonths | None = None
) -> pd.DataFrame:
    """person_id, as_of (a date) and the features of the cohort among the persons of one part."""
    history = History.of(events, persons, stations)
    times = pd.DataFrame(
        {
            "person_id": np.tile(history.person_ids, len(task.days)),
            "as_of": np.repeat(np.array(task.days, dtype=np.int64), len(history.person_ids)),
        }
    )
    eligible = why_not(Visible.at(history, times), task.cohort) == ELIGIBLE
    times = times[eligible].reset_index(drop=True)
    table = compute(history, times, task.features)
    return times.assign(as_of=pd.to_datetime(times["as_of"], unit="D")).join(table)
