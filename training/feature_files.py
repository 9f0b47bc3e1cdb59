"""Features of everyone on some days, written part by part: memory stays bounded whatever the history's size."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.partitions import Size, Task, features_of, parts
from features.schema import EPOCH
from features.snapshot import Snapshot
from features.stations import StationMonths

SAMPLE = Size(events=100_000, persons=2_000)
SAMPLE_MB = 2_000  # so much that a sample is one part


@dataclass(frozen=True)
class Asked:
    """For what a plan is asked: how much memory, CSV or Parquet, and a history of another size than that held."""

    memory_mb: int
    suffix: str = ".parquet"
    events: int | None = None
    persons: int | None = None

    def size(self, events: int, persons: int) -> tuple[int, int]:
        """Events and persons to plan for, given those held; where one is asked for, the other is in proportion."""
        if self.events is None and self.persons is None:
            return events, persons
        each = events / max(persons, 1)
        return (
            round((self.persons or 0) * each) if self.events is None else self.events,
            round((self.events or 0) / each) if self.persons is None else self.persons,
        )


@dataclass(frozen=True)
class Plan:
    """What computing the features will take, extrapolated from a sample of the store's own history.

    `snapshot_seconds`: to write the snapshot, as long as the store does not change it is written once.
    """

    events: int
    persons: int
    parts: int
    rows_at_most: int
    snapshot_seconds: float
    seconds: float
    memory_mb: int

    def lines(self) -> list[tuple[str, str]]:
        """Each figure by name, with its unit."""
        return [
            ("events", f"{self.events:,}"),
            ("persons", f"{self.persons:,}"),
            ("parts of whole persons", f"{self.parts:,}"),
            ("rows at most", f"{self.rows_at_most:,}"),
            ("time for the snapshot, once", _duration(self.snapshot_seconds)),
            ("time for the features", _duration(self.seconds)),
            ("memory at most", f"{self.memory_mb:,} MB"),
        ]


def write(snapshot: Snapshot, task: Task, out: Path, *, memory_mb: int, tell: Callable[[str], None]) -> int:
    """The number of rows written to `out` (CSV, or Parquet by its ending): the cohort on each day, with features."""
    stations, size = StationMonths.of(snapshot.read("station_months")), task.size(memory_mb)

    def tables() -> Iterator[pd.DataFrame]:
        for number, part in enumerate(parts(_file(snapshot, "events"), size), start=1):
            tell(f"part {number}: {len(part):,} events")
            yield features_of(part, _people(snapshot, part), task, stations)

    aside = out.with_name(f".{out.name}.writing")
    try:
        rows = _to_parquet(tables(), aside) if out.suffix == ".parquet" else _to_csv(tables(), aside)
        aside.replace(out)
    finally:
        aside.unlink(missing_ok=True)
    return rows


def plan(snapshot: Snapshot, task: Task, asked: Asked) -> Plan:
    """What it will take for the snapshot, or for a history of other size with persons like these."""
    size, held = task.size(asked.memory_mb), snapshot.counts
    events, persons = asked.size(held["events"], held["persons"])
    return Plan(
        events=events,
        persons=persons,
        parts=max(-(-events // size.events), -(-persons // size.persons)),
        rows_at_most=persons * len(task.days),
        snapshot_seconds=events * (snapshot.seconds or 0.0) / held["events"],
        seconds=_seconds(snapshot, task, asked.suffix, events),
        memory_mb=min(asked.memory_mb, task.needed_mb(events, persons)),
    )


def remarks(snapshot: Snapshot, task: Task, rows: int) -> list[str]:
    """What has to be said about the features written: dates after the last record, and that there are no rows."""
    last = _last_known(snapshot)
    after = ", ".join(str(EPOCH + timedelta(days=day)) for day in task.days if day > last)
    told = [f"After the last record, which became known on {EPOCH + timedelta(days=last)}: {after}."] if after else []
    return told if rows else [*told, "There are no rows, because nobody is in the cohort on these dates."]


def _seconds(snapshot: Snapshot, task: Task, suffix: str, events: int) -> float:
    """Measured on a sample from reading to writing; what the first time takes longer loads the compiled loops."""
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        sample, n_events = _sample(snapshot, Path(folder))
        for _ in range(3):
            began = perf_counter()
            write(sample, task, Path(folder) / f"features{suffix}", memory_mb=SAMPLE_MB, tell=lambda _: None)
            seconds.append(perf_counter() - began)
    each_time = median(seconds[1:])
    return max(seconds[0] - each_time, 0.0) + each_time * events / n_events


def _sample(snapshot: Snapshot, folder: Path) -> tuple[Snapshot, int]:
    """A snapshot of the first persons alone, and the number of its events."""
    events = next(parts(_file(snapshot, "events"), SAMPLE))
    tables = {"events": events, "persons": _people(snapshot, events), "station_months": snapshot.read("station_months")}
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False)
    return replace(snapshot, folder=folder), len(events)


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


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _last_known(snapshot: Snapshot) -> int:
    """The last day on which a record of the snapshot became known, from what the file tells of itself."""
    told = pq.ParquetFile(_file(snapshot, "events")).metadata
    column = told.schema.names.index("known_on")
    return max(told.row_group(group).column(column).statistics.max for group in range(told.num_row_groups))


def _file(snapshot: Snapshot, table: str) -> Path:
    return snapshot.folder / f"{table}.parquet"


def _people(snapshot: Snapshot, part: pd.DataFrame) -> pd.DataFrame:
    """The facts of the persons of a part; only the pieces of the file they lie in are read."""
    first, last = part["person_id"].iloc[0], part["person_id"].iloc[-1]
    between = [("person_id", ">=", first), ("person_id", "<=", last)]
    return pq.read_table(_file(snapshot, "persons"), filters=between).to_pandas()
