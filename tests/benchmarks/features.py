"""The same 68 features by this project, DuckDB, Polars and pandas: time, peak memory, and whether the values agree.

python -m tests.benchmarks.features [--persons 19000] [--events 1800000] [--dates 20] [--only waystation ...]

Each runs in a process of its own on the same files; reading them is not counted. What the others do stands in
`rivals`, written as those who know them well would write it. The rule is the exact one: an event
counts when it occurred in the lookback and the latest of its revisions known by the as-of date is no retraction.
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

from features import spells
from features.asof import share
from features.catalogue import Feature, compute, feature
from features.history import History, read_events
from tests.benchmarks import by_duckdb, by_pandas, by_polars

LOOKBACKS = (30, 90, 180, 365)
OUTCOMES = {"urine_test": (0.1, 0.8, 0.1), "check_in": (0.85, 0.15), "dose": (0.95, 0.05)}
NAMES = {"urine_test": ("positive", "negative", "missed"), "check_in": ("kept", "missed"), "dose": ("taken", "missed")}
KINDS = ("urine_test", "check_in", "home_visit", "family_contact", "counselling", "dose", "leave", "plan", "move")
FREQUENCY = (0.22, 0.28, 0.09, 0.06, 0.08, 0.2, 0.03, 0.03, 0.01)
FIRST_DAY, SPAN = 18_000, 1_825


def invented(persons, events, *, seed=5):
    """Event revisions: a sixth arrive up to two months late, one in a hundred is corrected, some retracted."""
    random = np.random.default_rng(seed)
    kind = random.choice(len(KINDS), events, p=FREQUENCY)
    outcome = np.full(events, None, dtype=object)
    for place, name in enumerate(KINDS):
        if name in NAMES:
            here = kind == place
            outcome[here] = random.choice(NAMES[name], here.sum(), p=OUTCOMES[name])
    occurred = FIRST_DAY + random.integers(0, SPAN, events)
    delay = np.where(random.random(events) < 5 / 6, random.integers(0, 4, events), random.integers(0, 60, events))
    values = np.where(
        np.isin(kind, [KINDS.index("dose"), KINDS.index("leave")]), random.integers(1, 90, events), np.nan
    )
    person = np.array([f"P{number:06d}" for number in range(persons)], dtype=object)
    made = pd.DataFrame(
        {
            "event_id": [f"e{number:09d}" for number in range(events)], "revision": 1, "retracted": False,
            "person_id": person[random.integers(0, persons, events)], "occurred_on": occurred,
            "known_on": occurred + delay, "source": "community", "kind": np.array(KINDS, dtype=object)[kind],
            "outcome": outcome, "substance": None, "value": values, "station_id": None, "note_code": None,
        }
    )  # fmt: skip
    text = ["event_id", "person_id", "source", "kind", "outcome", "substance", "station_id", "note_code"]
    made = made.astype(dict.fromkeys(text, "str"))
    again = made.sample(events // 100, random_state=seed)
    again = again.assign(
        revision=2,
        known_on=again["known_on"] + random.integers(1, 90, len(again)),
        retracted=random.random(len(again)) < 0.3,
    )
    both = pd.concat([made, again])
    return both.sort_values(["person_id", "occurred_on", "known_on", "event_id", "revision"], ignore_index=True)


def prediction_times(persons, dates):
    days = np.linspace(FIRST_DAY + 300, FIRST_DAY + SPAN - 1, dates).astype(int)
    ids = np.array([f"P{number:06d}" for number in range(persons)], dtype=object)
    return pd.DataFrame({"person_id": np.repeat(ids, dates), "as_of": np.tile(days, persons)})


def answers():
    """What is asked, as this project asks it: the name of each column, and its question to the visible past.

    A mix like that of the features in use: counts, shares, means, days since, runs, gaps, single results.
    """
    return tests() | check_ins() | doses() | others()


def tests():
    urine, given = {"kind": "urine_test"}, {"kind": "urine_test", "outcome": ("positive", "negative")}
    positive, missed = urine | {"outcome": "positive"}, urine | {"outcome": "missed"}
    return {
        **{f"positive_{days}": count(positive, days) for days in (*LOOKBACKS, None)},
        **{f"tests_{days}": count(urine, days) for days in LOOKBACKS},
        **{f"missed_tests_{days}": count(missed, days) for days in (90, 365)},
        **{f"result_{back}": result(given, back) for back in range(4)},
        "positive_run": run(given, "positive"), "negative_run": run(given, "negative"),
        "since_positive": since(positive), "since_negative": since(urine | {"outcome": "negative"}),
        "since_test": since(urine), "since_missed_test": since(missed),
    }  # fmt: skip


def check_ins():
    kept, missed = ({"kind": "check_in", "outcome": outcome} for outcome in ("kept", "missed"))
    met = {"kind": ("urine_test", "check_in", "dose"), "outcome": ("positive", "negative", "kept", "taken")}
    return {
        **{f"kept_{days}": count(kept, days) for days in LOOKBACKS},
        **{f"missed_{days}": count(missed, days) for days in LOOKBACKS},
        **{f"kept_share_{days}": kept_share(kept, missed, days) for days in LOOKBACKS},
        "missed_run": run({"kind": "check_in", "outcome": ("kept", "missed")}, "missed"),
        "since_kept": since(kept), "since_met": since(met),
    }  # fmt: skip


def doses():
    taken = {"kind": "dose", "outcome": "taken"}
    return {
        **{f"missed_doses_{days}": count(taken | {"outcome": "missed"}, days) for days in (90, 365)},
        **{f"dose_days_{days}": different_days(taken, days) for days in LOOKBACKS},
        **{f"dose_mean_{days}": mean(taken, days) for days in LOOKBACKS},
        **{f"dose_trend_{days}": trend(taken, days) for days in (90, 180)},
        **{f"dose_gap_{days}": gap(taken, days) for days in (180, 365)},
        "dose_last": lambda past: past.of(**taken).last_value(), "since_dose": since(taken),
    }  # fmt: skip


def others():
    kinds = {"visits": "home_visit", "family": "family_contact", "counselling": "counselling", "moves": "move",
             "plan": "plan", "leave": "leave"}  # fmt: skip
    lookbacks = {"visits": (180, 365), "family": (180, 365), "counselling": (180, 365), "moves": (365, None)}
    asked = {f"since_{name}": since({"kind": kind}) for name, kind in kinds.items()}
    for name, windows in lookbacks.items():
        asked |= {f"{name}_{days}": count({"kind": kinds[name]}, days) for days in windows}
    return asked | {f"leave_mean_{days}": mean({"kind": "leave"}, days) for days in (180, 365)}


def count(wanted, days):
    return lambda past: past.of(**wanted).within(days=days).count()


def different_days(wanted, days):
    return lambda past: past.of(**wanted).within(days=days).count_days()


def mean(wanted, days):
    return lambda past: past.of(**wanted).within(days=days).mean()


def trend(wanted, days):
    def of(past):
        return mean(wanted, days)(past) - past.of(**wanted).between(start_days=2 * days, end_days=days).mean()

    return of


def gap(wanted, days):
    def of(past):
        chosen = past.of(**wanted).within(days=days)
        return spells.longest_gap(chosen.rows(), chosen.columns())

    return of


def kept_share(kept, missed, days):
    return lambda past: share(count(kept, days)(past), count(kept, days)(past) + count(missed, days)(past))


def run(wanted, outcome):
    return lambda past: past.of(**wanted).run("outcome", outcome)


def result(wanted, back):
    return lambda past: past.of(**wanted).last_is("outcome", "positive", back=back)


def since(wanted):
    return lambda past: past.of(**wanted).days_since_last()


ANSWERS = answers()


def asked(past, *, name):
    """One of the answers."""
    return ANSWERS[name](past)


def waystation(events, times):
    feature(family="benchmark", unit="")(asked)  # not on import: tests look at the catalogue as it is
    history = History.of(events, times[["person_id"]].drop_duplicates())
    del events  # the history is all that is needed
    pa.default_memory_pool().release_unused()
    table = compute(history, times, [Feature("asked", (("name", name),)) for name in ANSWERS])
    return table.set_axis(list(ANSWERS), axis=1)


READS = {"waystation": read_events, "polars": by_polars.read, "duckdb": by_duckdb.read, "pandas": by_pandas.read}
PEERS = {
    "waystation": waystation, "polars": by_polars.compute, "duckdb": by_duckdb.compute, "pandas": by_pandas.compute,
}  # fmt: skip


def peak_mb():
    """The peak of this process alone; getrusage would count the process it was started from."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def run_one(name, folder):
    """In a process of its own: compute, keep the values, tell seconds and peak memory.

    Each reads the files as it reads best, words as categories, and is first warmed up on a thousandth; neither counts.
    """
    tables, times = [READS[name](folder / "events.parquet")], pd.read_parquet(folder / "times.parquet")
    held = peak_mb()
    PEERS[name](READS[name](folder / "few.parquet"), times.head(400))
    began, processor = time.perf_counter(), time.process_time()
    table = PEERS[name](tables.pop(), times)  # theirs to let go of
    seconds, busy = time.perf_counter() - began, time.process_time() - processor
    peak = peak_mb()
    np.save(folder / f"{name}.npy", table[sorted(ANSWERS)].to_numpy(dtype=np.float64).astype(np.float32))
    print(json.dumps({"seconds": seconds, "busy": busy, "peak_mb": peak, "tables_mb": held}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=19_000)
    parser.add_argument("--events", type=int, default=1_800_000)
    parser.add_argument("--dates", type=int, default=20)
    parser.add_argument("--only", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--run", nargs=2, metavar=("NAME", "FOLDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        run_one(arguments.run[0], Path(arguments.run[1]))
        return 0
    with tempfile.TemporaryDirectory() as aside:
        folder = Path(aside)
        events, times = (
            invented(arguments.persons, arguments.events),
            prediction_times(arguments.persons, arguments.dates),
        )
        events.to_parquet(folder / "events.parquet")
        events[events["person_id"] < "P000020"].to_parquet(folder / "few.parquet")
        times.to_parquet(folder / "times.parquet")
        del events
        return compare(arguments, folder)


def compare(arguments, folder):
    rows = arguments.persons * arguments.dates
    print(f"{arguments.events:,} events, {rows:,} as-of rows, {len(ANSWERS)} features, 2 threads at most")
    print(f"{'':12}{'seconds':>9}{'ratio':>8}{'processor':>11}{'peak MB':>9}  of it tables  values")
    told, agreed = {}, True
    for name in arguments.only:
        command = [sys.executable, "-m", "tests.benchmarks.features", "--run", name, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        told[name] = json.loads(done.stdout.splitlines()[-1])
        differing = different(folder, arguments.only[0], name)
        agreed &= not differing
        ratio = told[name]["seconds"] / told[arguments.only[0]]["seconds"]
        print(
            f"{name:12}{told[name]['seconds']:9.2f}{ratio:8.1f}{told[name]['busy']:11.2f}{told[name]['peak_mb']:9.0f}"
            f"{told[name]['tables_mb']:14.0f}  {'agree' if not differing else 'DIFFER: ' + ', '.join(differing)}",
            flush=True,
        )
    return 0 if agreed else 1


def different(folder, first, other):
    """The names of the columns in which two differ by more than rounding."""
    one, two = (np.load(folder / f"{name}.npy") for name in (first, other))
    same = np.isclose(one, two, rtol=1e-5, atol=1e-4, equal_nan=True).all(axis=0)
    return [name for name, alike in zip(sorted(ANSWERS), same, strict=True) if not alike]


if __name__ == "__main__":
    sys.exit(main())
