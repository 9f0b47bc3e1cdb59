"""A first load and a day's batch into the history store: seconds and peak memory, on SQLite and PostgreSQL.

python -m tests.benchmarks.intake [--events 1800000] [--batch 10000] [--database sqlite postgresql]

Each delivery is taken in by a process of its own, timed from the opened store to the acknowledged batch, the packages
it needs already imported. A day's batch is eight parts new events, one part corrections, one part repeats.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from tests import postgres

FIRST_DAY, SPAN = date(2019, 1, 1), 1_825
FIRST_LOAD, NEXT_DAY = date(2024, 2, 1), date(2024, 2, 2)
OUTCOMES = {
    "check_in": ("kept", "missed"),
    "urine_test": ("negative", "positive", "missed"),
    "dose": ("taken", "missed"),
}


def invented(n_events: int, *, seed: int = 5) -> pd.DataFrame:
    """Events as a source sends them, in no order: ids, ISO dates, codes, 95 events a person."""
    random = np.random.default_rng(seed)
    days = np.array([(FIRST_DAY + timedelta(days=day)).isoformat() for day in range(SPAN + 31)])
    occurred = random.integers(0, SPAN, n_events)
    person = random.integers(0, max(n_events // 95, 1), n_events)
    kind = random.choice(list(OUTCOMES), n_events)
    outcome = np.empty(n_events, dtype=object)
    for name, known in OUTCOMES.items():
        outcome[kind == name] = random.choice(known, int((kind == name).sum()))
    return pd.DataFrame(
        {
            "event_id": [f"E{number:09d}" for number in random.permutation(n_events)],
            "revision": 1,
            "person_id": [f"P{number:06d}" for number in person],
            "occurred_on": days[occurred],
            "known_on": days[occurred + random.integers(0, 30, n_events)],
            "source": "community",
            "kind": kind,
            "outcome": outcome,
            "station_id": [f"S{number % 144:03d}" for number in person],
            "township_id": [f"T{number % 90:02d}" for number in person],
        }
    )


def next_day(events: pd.DataFrame, n_rows: int) -> pd.DataFrame:
    """A day's batch: eight tenths new, one corrected, one sent again."""
    some = events.sample(n_rows, random_state=1)
    tenth = n_rows // 10
    new, corrected, again = some.iloc[2 * tenth :], some.iloc[:tenth], some.iloc[tenth : 2 * tenth]
    new = new.assign(event_id="N" + new["event_id"].str[1:], occurred_on=FIRST_LOAD.isoformat(), known_on=None)
    corrected = corrected.assign(revision=2, known_on=None)
    return pd.concat([new, corrected, again])


def take_in(file: Path, url: str, day: date, *, backfill: bool) -> dict[str, float]:
    """Seconds and peak megabytes of one delivery in this process."""
    import pandera.pandas  # noqa: F401, its import is not what is measured

    from features.intake import ingest
    from features.store import Store

    with Store.open(url) as store:
        began = time.perf_counter()
        (report,) = ingest(file, store, received_on=day, backfill=backfill).tables
        seconds = time.perf_counter() - began
    return {"rows": report.came, "stored": report.stored, "seconds": seconds, "peak_mb": peak_mb()}


def peak_mb() -> float:
    """The most memory this process has had; what getrusage tells counts the process that started it as well."""
    (told,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(told.split()[1]) / 1024


@contextmanager
def a_store(database: str) -> Iterator[str]:
    """The URL of an empty store."""
    with tempfile.TemporaryDirectory(prefix="waystation-", ignore_cleanup_errors=True) as folder:
        if database == "sqlite":
            yield f"sqlite:///{folder}/store.db"
        else:
            with postgres.running(Path(folder)) as server:
                yield server.database()


def in_a_process(file: Path, url: str, day: date) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.intake", "--file", str(file), "--url", url, "--day", str(day)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def compare(n_events: int, n_rows: int, databases: list[str]) -> None:
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        files = {FIRST_LOAD: Path(folder) / "first" / "events.csv", NEXT_DAY: Path(folder) / "next" / "events.csv"}
        events = invented(n_events)
        for file, rows in zip(files.values(), (events, next_day(events, n_rows)), strict=True):
            file.parent.mkdir()
            rows.to_csv(file, index=False)
        del events, rows
        for database in databases:
            with a_store(database) as url:
                for day, file in files.items():
                    told = in_a_process(file, url, day)
                    print(
                        f"{database:<10} {told['rows']:>9.0f} rows, {told['stored']:>9.0f} stored: "
                        f"{told['seconds']:6.2f} s, peak {told['peak_mb']:5.0f} MB",
                        flush=True,
                    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_800_000)
    parser.add_argument("--batch", type=int, default=10_000)
    parser.add_argument("--database", nargs="+", choices=["sqlite", "postgresql"], default=["sqlite", "postgresql"])
    parser.add_argument("--file", type=Path)
    parser.add_argument("--url")
    parser.add_argument("--day", type=date.fromisoformat)
    asked = parser.parse_args()
    if asked.file:
        print(json.dumps(take_in(asked.file, asked.url, asked.day, backfill=asked.day == FIRST_LOAD)))
    else:
        compare(asked.events, asked.batch, asked.database)


if __name__ == "__main__":
    main()
