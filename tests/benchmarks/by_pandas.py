"""The features of the benchmark by pandas: a merge and a groupby for each kind, with numbers and flags alone."""

import numpy as np
import pandas as pd

from tests.benchmarks.rivals import (
    COUNTS,
    FLAGS,
    GAPS,
    LOOKBACKS,
    MEANS,
    MET,
    NEVER,
    ORDER,
    PARTS,
    RESULTS,
    RUNS,
    SINCE,
    TOLD,
    TRENDS,
    ZERO,
)


def read(path):
    return pd.read_parquet(path, columns=list(TOLD)).astype(dict.fromkeys(("person_id", "kind", "outcome"), "category"))


def compute(events, times):
    history, people = _history(events)
    del events
    rows = pd.DataFrame({
        "row": np.arange(len(times), dtype=np.int32),
        "as_of": times["as_of"].to_numpy(dtype=np.int32),
        "person": people.get_indexer(times["person_id"]).astype(np.int32),
    })  # fmt: skip
    table = pd.concat([_answers(_pairs(history, rows, part), part) for part in PARTS], axis=1).reindex(rows["row"])
    table[list(ZERO)] = table[list(ZERO)].fillna(0)
    for days in LOOKBACKS:
        table[f"kept_share_{days}"] = table[f"kept_{days}"] / (table[f"kept_{days}"] + table[f"missed_{days}"])
    return table.assign(since_met=table[list(MET)].min(axis=1))


def _history(events):
    """Revisions that were ever in force, in order, with the day from which each was replaced; and the persons."""
    later = events.loc[events["revision"] > 1, "event_id"]
    revised = events[events["event_id"].isin(later)].sort_values(["event_id", "revision"], ascending=[True, False])
    soonest = revised.groupby("event_id")["known_on"].cummin().groupby(revised["event_id"]).shift(1)
    history = events.assign(
        until=soonest.reindex(events.index).fillna(NEVER).astype(np.int32),
        occurred_on=events["occurred_on"].astype(np.int32),
        known_on=events["known_on"].astype(np.int32),
    )
    history = history[~history["retracted"]].sort_values(list(ORDER), ignore_index=True)
    history = history.assign(person=history["person_id"].cat.codes, order=np.arange(len(history), dtype=np.int32))
    return history.drop(columns=["event_id", "revision", "retracted", "person_id"]), events["person_id"].cat.categories


def _pairs(history, rows, part):
    """Each row with each event of the part that was visible then, by row and in order; its age in days."""
    kind, outcome = PARTS[part]
    mine = history[(history["kind"] == kind) & (history["outcome"] == outcome if outcome else True)]
    mine = mine.assign(**{name: mine["outcome"] == name for name in FLAGS.get(part, ())})
    joined = rows.merge(mine.drop(columns=["kind", "outcome"]), on="person")
    joined = joined[(joined["known_on"] <= joined["as_of"]) & (joined["as_of"] < joined["until"])]
    return joined.assign(age=joined["as_of"] - joined["occurred_on"])[
        ["row", "order", "age", "value", *FLAGS.get(part, ())]
    ]


def _answers(pairs, part):
    row, age, value = pairs["row"], pairs["age"], pairs["value"]
    always = pd.Series(True, pairs.index)
    flags = {None: always, **{name: pairs[name] for name in FLAGS.get(part, ())}}
    sums, least, means = {}, {}, {}
    for name, flag, lookbacks in COUNTS.get(part, ()):
        sums |= {f"{name}_{days}": flags[flag] & (age < days if days else always) for days in lookbacks}
    for name, other in RUNS.get(part, ()):
        last = pairs["order"].where(pairs[other], -1).groupby(row, sort=False).transform("max")
        sums[f"{name}_run"] = pairs[name] & (pairs["order"] > last)
    for name, flag in SINCE.get(part, ()):
        least[f"since_{name}"] = age.where(flags[flag])
    name, lookbacks = MEANS.get(part, ("", ()))
    means |= {f"{name}_{days}": value.where(age < days) for days in lookbacks}
    more = []
    if part == "tests":
        more.append(_results(pairs[pairs["positive"] | pairs["negative"]]))
    if part == "taken":
        more.append(_of_doses(pairs, sums))
    grouped = [
        getattr(pd.DataFrame(columns).groupby(row, sort=False), how)()
        for columns, how in ((sums, "sum"), (least, "min"), (means, "mean"))
        if columns
    ]
    return pd.concat([*grouped, *more], axis=1)


def _results(given):
    back = given.groupby("row", sort=False).cumcount(ascending=False)
    return pd.DataFrame(
        {f"result_{n}": given["positive"][back == n].set_axis(given["row"][back == n]).astype(float) for n in RESULTS}
    )


def _of_doses(pairs, sums):
    """Gaps, trends and the last dose; different days are added to what is summed."""
    row, age, value = pairs["row"], pairs["age"], pairs["value"]
    last = row != row.shift(-1)
    later = age.shift(-1).mask(last)
    sums |= {f"dose_days_{days}": (last | (later < age)) & (age < days) for days in LOOKBACKS}
    gaps = {f"dose_gap_{days}": (age - later.fillna(0)).where(age < days) for days in GAPS}
    windows = {days: (value.where(age < days), value.where((age >= days) & (age < 2 * days))) for days in TRENDS}
    halves = {f"{days}{half}": windows[days][place] for days in TRENDS for place, half in enumerate("ab")}
    means = pd.DataFrame(halves).groupby(row, sort=False).mean()
    made = pd.DataFrame(gaps).groupby(row, sort=False).max()
    made = made.assign(**{f"dose_trend_{days}": means[f"{days}a"] - means[f"{days}b"] for days in TRENDS})
    return made.assign(dose_last=value[last].set_axis(row[last]))
