"""A history ten times larger, in parts of whole persons: does the time of an event stay flat, and the memory bounded?

python -m tests.benchmarks.parts [--persons 19000] [--times 10] [--memory-mb 2000] [--dates 4]

Each size is measured in a process of its own, from the events' file to the file of features: read, computed, written.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.cohort import Cohort
from features.partitions import Size, Task, features_of, parts
from features.relapse import FeatureChoice, chosen
from features.snapshot import Snapshot
from features.stations import COUNTED
from tests.benchmarks.features import FIRST_DAY, SPAN, invented, peak_mb
from training.feature_files import write

ROOT = Path(__file__).parents[2]
AT_ONCE = 2_000  # persons invented at once, so that making the file needs little memory as well
EVENTS_A_PERSON = 95
MONTHS = ("station_id", "month", "persons", *COUNTED, "social_workers", "closed_on")


def make(folder, n_persons):
    """The files of a snapshot that features are made from: everyone is in a programme, stations have no months."""
    writer = None
    for start in range(0, n_persons, AT_ONCE):
        events = _some(start, min(AT_ONCE, n_persons - start))
        table = pa.Table.from_pandas(events, preserve_index=False)
        writer = writer or pq.ParquetWriter(folder / "events.parquet", table.schema, compression="zstd")
        writer.write_table(table, row_group_size=100_000)
    writer.close()
    ids = [f"{n // AT_ONCE:04d}-P{n % AT_ONCE:06d}" for n in range(n_persons)]
    people = pd.DataFrame({"person_id": ids, "birth_year": 1980.0, "registered_on": FIRST_DAY})
    people.to_parquet(folder / "persons.parquet", index=False, row_group_size=100_000)
    none = pd.DataFrame({name: pd.Series(dtype="float64") for name in MONTHS}).astype({"station_id": "str"})
    none.to_parquet(folder / "station_months.parquet", index=False)


def _some(start, n_persons):
    block = f"{start // AT_ONCE:04d}-"
    events = invented(n_persons, n_persons * EVENTS_A_PERSON, seed=start)
    programmes = events.drop_duplicates("person_id").assign(
        kind="programme_start", outcome="methadone", value=np.nan, occurred_on=FIRST_DAY, known_on=FIRST_DAY,
        revision=1, retracted=False, event_id=lambda rows: "start" + rows["person_id"],
    )  # fmt: skip
    both = pd.concat([events, programmes]).astype({"outcome": "str"})
    both = both.assign(person_id=block + both["person_id"], event_id=block + both["event_id"])
    return both.sort_values(["person_id", "occurred_on", "known_on", "event_id", "revision"], ignore_index=True)


def run(folder, *, memory_mb, dates, n_features):
    """In a process of its own: what it took to write the features of everyone."""
    days = np.linspace(FIRST_DAY + 300, FIRST_DAY + SPAN - 1, dates).astype(int)
    task = Task(Cohort(minimum_tests=0), chosen(FeatureChoice())[:n_features], tuple(days.tolist()))
    counts = {name: pq.ParquetFile(folder / f"{name}.parquet").metadata.num_rows for name in ("events", "persons")}
    snapshot, told = Snapshot(folder, "invented", {}, counts), []
    few = next(parts(folder / "events.parquet", Size(events=1, persons=1)))
    features_of(few, pd.read_parquet(folder / "persons.parquet").head(1), task)  # loads the compiled loops
    began, processor = time.perf_counter(), time.process_time()
    rows = write(snapshot, task, folder / "features.parquet", memory_mb=memory_mb, tell=told.append)
    seconds, busy = time.perf_counter() - began, time.process_time() - processor
    return {"events": counts["events"], "rows": rows, "parts": len(told), "seconds": seconds, "busy": busy,
            "peak_mb": peak_mb(), "features": len(task.features)}  # fmt: skip


def measured(n_persons, *, memory_mb, dates=4, n_features=None):
    """The figures of a history of so many persons, made in one process and measured in another."""
    with tempfile.TemporaryDirectory() as folder:
        _call("--make", folder, "--persons", n_persons)
        asked = ["--memory-mb", memory_mb, "--dates", dates, *(["--features", n_features] if n_features else [])]
        return json.loads(_call("--run", folder, *asked).splitlines()[-1])


def _call(*arguments):
    command = [sys.executable, "-m", "tests.benchmarks.parts", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=19_000)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--memory-mb", type=int, default=2_000)
    parser.add_argument("--dates", type=int, default=4)
    parser.add_argument("--features", type=int, default=None)
    parser.add_argument("--make", metavar="FOLDER", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--run", metavar="FOLDER", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.make:
        make(asked.make, asked.persons)
    elif asked.run:
        told = run(asked.run, memory_mb=asked.memory_mb, dates=asked.dates, n_features=asked.features)
        print(json.dumps(told))
    else:
        compare(asked)
    return 0


def compare(asked):
    print(f"{'events':>12}{'rows':>12}{'features':>10}{'parts':>7}{'seconds':>9}{'processor':>11}{'us an event':>13}"
          f"{'ratio':>7}{'peak MB':>9}")  # fmt: skip
    first = None
    for n_persons in (asked.persons, asked.times * asked.persons):
        told = measured(n_persons, memory_mb=asked.memory_mb, dates=asked.dates, n_features=asked.features)
        each = told["seconds"] / told["events"] * 1e6
        first = first or each
        print(f"{told['events']:12,}{told['rows']:12,}{told['features']:10}{told['parts']:7}{told['seconds']:9.1f}"
              f"{told['busy']:11.1f}{each:13.2f}{each / first:7.2f}{told['peak_mb']:9.0f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
