"""Features of everyone on some days, written part by part: memory stays bounded whatever the history's size."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.partitions import BYTES_A_VALUE, BYTES_AN_EVENT, Size, Task, features_of, parts
from features.snapshot import Snapshot
from features.stations import StationMonths

SAMPLE = Size(events=100_000, persons=2_000)


@dataclass(frozen=True)
class Plan:
    """What computing the features will take, extrapolated from a sample of the store's own history."""

    events: int
    persons: int
    parts: int
    rows_at_most: int
    seconds: float
    memory_mb: int


def write(snapshot: Snapshot, task: Task, out: Path, *, memory_mb: int, tell: Callable[[str], None]) -> int:
    """The number of rows written to `out` (CSV, or Parquet by its ending): the cohort on each day, with features."""
    persons, stations = snapshot.read("persons"), StationMonths.of(snapshot.read("station_months"))

    def tables() -> Iterator[pd.DataFrame]:
        for number, part in enumerate(parts(_events(snapshot), task.size(memory_mb)), start=1):
            tell(f"part {number}: {len(part):,} events")
            yield features_of(part, _people(persons, part), task, stations)

    aside = out.with_name(f".{out.name}.writing")
    rows = _to_parquet(tables(), aside) if out.suffix == ".parquet" else _to_csv(tables(), aside)
    aside.replace(out)
    return rows


def plan(
    snapshot: Snapshot, task: Task, *, memory_mb: int, events: int | None = None, persons: int | None = None
) -> Plan:
    """What it will take for the snapshot, or for a history of other size with persons like these."""
    facts = snapshot.read("persons")
    sample = next(iter(parts(_events(snapshot), SAMPLE)))
    people = _people(facts, sample)
    features_of(sample, people, task)  # loads the compiled loops, which is not part of the rate
    began = perf_counter()
    features_of(sample, people, task)
    seconds_an_event = (perf_counter() - began) / len(sample)
    events = snapshot.counts["events"] if events is None else events
    persons = len(facts) if persons is None else persons
    size = task.size(memory_mb)
    return Plan(
        events=events,
        persons=persons,
        parts=max(-(-events // size.events), -(-persons // size.persons)),
        rows_at_most=persons * len(task.days),
        seconds=events * seconds_an_event,
        memory_mb=min(memory_mb, _needed_mb(events, persons, task)),
    )


def _to_parquet(tables: Iterator[pd.DataFrame], path: Path) -> int:
    first = pa.Table.from_pandas(next(tables), preserve_index=False)
    rows = len(first)
    with pq.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for table in tables:
            writer.write_table(pa.Table.from_pandas(table, schema=first.schema, preserve_index=False))
            rows += len(table)
    return rows


def _to_csv(tables: Iterator[pd.DataFrame], path: Path) -> int:
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, table in enumerate(tables):
            table.to_csv(file, index=False, header=number == 0)
            rows += len(table)
    return rows


def _needed_mb(events: int, persons: int, task: Task) -> int:
    values = persons * len(task.days) * len(task.features)
    return (events * BYTES_AN_EVENT + values * BYTES_A_VALUE) // 1_000_000


def _events(snapshot: Snapshot) -> Path:
    return snapshot.folder / "events.parquet"


def _people(persons: pd.DataFrame, part: pd.DataFrame) -> pd.DataFrame:
    return persons[persons["person_id"].isin(part["person_id"].unique())]
