"""The same 68 features by this project, DuckDB, Polars and pandas: time, peak memory, and whether the values agree.

python -m tests.benchmarks.features [--persons 19000] [--events 1800000] [--dates 20] [--only waystation ...]

Each runs in a process of its own on the same files; reading them is not counted. The rule is the exact one: an event
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

from features.history import read_events

PAIRS = (
    ("urine_test", "positive"), ("urine_test", "negative"), ("urine_test", "missed"), ("urine_test", ""),
    ("check_in", "kept"), ("check_in", "missed"), ("home_visit", ""), ("family_contact", ""), ("counselling", ""),
    ("dose", "taken"),
)  # fmt: skip
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


def waystation(events, times):
    from features.catalogue import compute, make
    from features.history import History
    from features.relapse import Feature  # noqa: F401 (it fills the catalogue)

    chosen = [
        *(make("events", kind=kind, outcome=outcome, substance="", days=days) for kind, outcome in PAIRS
          for days in (*LOOKBACKS, None)),
        *(make("days_since", kind=kind, outcome=outcome, substance="") for kind, outcome in PAIRS),
        *(make("value_mean", kind="dose", days=days) for days in LOOKBACKS),
        *(make("leave_days", days=days) for days in LOOKBACKS),
    ]  # fmt: skip
    warm = History.of(events.head(1000), pd.DataFrame({"person_id": events["person_id"].head(1000).unique()}))
    compute(warm, pd.DataFrame({"person_id": warm.person_ids, "as_of": FIRST_DAY}), chosen)  # loads the compiled loops
    began = time.perf_counter()
    people = pd.DataFrame({"person_id": np.unique(times["person_id"].to_numpy(dtype=object))})
    table = compute(History.of(events, people), times, chosen)
    return table, time.perf_counter() - began


def duckdb(events, times):
    import duckdb as duck

    def having(kind, outcome, days):
        parts = [f"kind = '{kind}'"] + ([f"outcome = '{outcome}'"] if outcome else [])
        return " and ".join(parts + ([f"occurred_on > as_of - {days}"] if days else []))

    asked = [f"count(*) filter (where {having(*pair, days)})" for pair in PAIRS for days in (*LOOKBACKS, None)]
    asked += [f"any_value(as_of) - max(occurred_on) filter (where {having(*pair, None)})" for pair in PAIRS]
    asked += [f"avg(value) filter (where {having('dose', '', days)})" for days in LOOKBACKS]
    asked += [
        f"coalesce(sum(least(value, as_of - occurred_on + 1)) filter (where {having('leave', '', days)}), 0)"
        for days in LOOKBACKS
    ]
    columns = ", ".join(f"{expression} as f{place}" for place, expression in enumerate(asked))
    database = duck.connect(config={"enable_external_access": False, "threads": 2})
    database.register("events", events)
    database.register("times", times.assign(row=np.arange(len(times))))
    began = time.perf_counter()
    table = database.execute(f"""
        with revisions as (
            select *, min(known_on) over (
                partition by event_id order by revision rows between 1 following and unbounded following) as until
            from events)
        select times.row, {columns}
        from times left join revisions on revisions.person_id = times.person_id and known_on <= as_of
            and (until is null or as_of < until) and not retracted
        group by times.row order by times.row""").df()
    return table.drop(columns="row"), time.perf_counter() - began


def polars(events, times):
    import polars as pl

    def having(kind, outcome, days):
        rule = pl.col("kind") == kind
        rule = rule & (pl.col("outcome") == outcome).fill_null(value=False) if outcome else rule
        return rule & (pl.col("occurred_on") > pl.col("as_of") - days) if days else rule

    asked = [having(*pair, days).sum() for pair in PAIRS for days in (*LOOKBACKS, None)]
    asked += [pl.col("as_of").first() - pl.col("occurred_on").filter(having(*pair, None)).max() for pair in PAIRS]
    asked += [pl.col("value").filter(having("dose", "", days)).mean() for days in LOOKBACKS]
    passed = pl.min_horizontal("value", pl.col("as_of") - pl.col("occurred_on") + 1)  # every leave has a length
    asked += [passed.filter(having("leave", "", days)).sum() for days in LOOKBACKS]
    named = [expression.alias(f"f{place}") for place, expression in enumerate(asked)]
    history = pl.from_pandas(events).with_columns(pl.col("value").fill_nan(None))
    rows = pl.from_pandas(times.assign(row=np.arange(len(times))))
    began = time.perf_counter()
    until = (
        pl.col("known_on")
        .sort_by("revision", descending=True)
        .cum_min()
        .shift(1)
        .sort_by(pl.col("revision").sort(descending=True))
    )
    history = history.with_columns(until=until.over("event_id")).filter(~pl.col("retracted"))
    people = rows["person_id"].unique().sort()
    parts = []
    for start in range(0, len(people), 2000):  # all persons at once would need some ten times the memory
        some = people[start : start + 2000]
        joined = (
            rows.filter(pl.col("person_id").is_in(some.implode()))
            .join(history, on="person_id", how="left")
            .filter(
                (pl.col("known_on") <= pl.col("as_of"))
                & (pl.col("until").is_null() | (pl.col("as_of") < pl.col("until")))
            )
        )
        parts.append(joined.group_by("row").agg(named))
    table = rows.select("row").join(pl.concat(parts), on="row", how="left").sort("row").drop("row")
    counts = [f"f{place}" for place in (*range(50), *range(64, 68))]
    table = table.with_columns(pl.col(counts).fill_null(0))
    return table.to_pandas(), time.perf_counter() - began


def pandas(events, times):
    def having(joined, kind, outcome, days):
        rule = joined["kind"] == kind
        rule = rule & (joined["outcome"] == outcome) if outcome else rule
        return rule & (joined["occurred_on"] > joined["as_of"] - days) if days else rule

    def of_part(rows, some):
        joined = rows.merge(some, on="person_id")
        joined = joined[(joined["known_on"] <= joined["as_of"]) & (joined["as_of"] < joined["until"])]
        named = {}
        for kind, outcome in PAIRS:
            for days in (*LOOKBACKS, None):
                named[f"f{len(named)}"] = having(joined, kind, outcome, days)
        counted = pd.DataFrame(named).groupby(joined["row"]).sum()
        for place, (kind, outcome) in enumerate(PAIRS, start=50):
            here = joined[having(joined, kind, outcome, None)]
            counted[f"f{place}"] = here.groupby("row")["as_of"].first() - here.groupby("row")["occurred_on"].max()
        for place, days in enumerate(LOOKBACKS, start=60):
            counted[f"f{place}"] = joined[having(joined, "dose", "", days)].groupby("row")["value"].mean()
        for place, days in enumerate(LOOKBACKS, start=64):
            passed = np.minimum(joined["value"], joined["as_of"] - joined["occurred_on"] + 1)
            counted[f"f{place}"] = passed[having(joined, "leave", "", days)].groupby(joined["row"]).sum()
        return counted

    rows = times.assign(row=np.arange(len(times)))
    began = time.perf_counter()
    chain = events[events["event_id"].duplicated(keep=False)].sort_values(
        ["event_id", "revision"], ascending=[True, False]
    )
    soonest = chain.groupby("event_id")["known_on"].cummin().groupby(chain["event_id"]).shift(1)
    history = events.assign(until=soonest.reindex(events.index).fillna(np.inf))
    history = history[~history["retracted"]]
    people = np.unique(rows["person_id"].to_numpy(dtype=object))
    parts = []
    for start in range(0, len(people), 1000):
        low, high = people[start], people[min(start + 1000, len(people)) - 1]
        parts.append(
            of_part(rows[rows["person_id"].between(low, high)], history[history["person_id"].between(low, high)])
        )
    table = pd.concat(parts).reindex(rows["row"])
    counts = [f"f{place}" for place in (*range(50), *range(64, 68))]
    table[counts] = table[counts].fillna(0)
    return table, time.perf_counter() - began


PEERS = {"waystation": waystation, "polars": polars, "duckdb": duckdb, "pandas": pandas}


def peak_mb():
    """The peak of this process alone; getrusage would count the process it was started from."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024


def run_one(name, folder):
    """In a process of its own: compute, keep the values, tell seconds and peak memory."""
    read = read_events if name == "waystation" else pd.read_parquet  # each as it reads best
    events, times = read(folder / "events.parquet"), pd.read_parquet(folder / "times.parquet")
    held = peak_mb()
    table, seconds = PEERS[name](events, times)
    peak = peak_mb()
    np.save(folder / f"{name}.npy", table.to_numpy(dtype=np.float64)[:, :68].astype(np.float32))
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "tables_mb": held}))


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
        invented(arguments.persons, arguments.events).to_parquet(folder / "events.parquet")
        prediction_times(arguments.persons, arguments.dates).to_parquet(folder / "times.parquet")
        return compare(arguments, folder)


def compare(arguments, folder):
    rows = arguments.persons * arguments.dates
    print(f"{arguments.events:,} events, {rows:,} as-of rows, {68} features, 2 threads at most")
    print(f"{'':12}{'seconds':>9}{'ratio':>8}{'peak MB':>9}  of it tables  values")
    told, agreed = {}, True
    for name in arguments.only:
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.features", "--run", name, str(folder)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        told[name] = json.loads(done.stdout.splitlines()[-1])
        first, this = (np.load(folder / f"{each}.npy") for each in (arguments.only[0], name))
        same = np.allclose(first, this, rtol=1e-5, equal_nan=True)
        agreed &= same
        ratio = told[name]["seconds"] / told[arguments.only[0]]["seconds"]
        print(
            f"{name:12}{told[name]['seconds']:9.2f}{ratio:8.1f}{told[name]['peak_mb']:9.0f}"
            f"{told[name]['tables_mb']:14.0f}  "
            f"{'agree' if same else 'DIFFER'}",
            flush=True,
        )
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
