"""The features of the benchmark by Polars: lazy, all kinds collected at once."""

import numpy as np
import polars as pl

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

age, value, order = pl.col("age"), pl.col("value"), pl.col("order")


def read(path):
    frame = pl.read_parquet(path, columns=list(TOLD))
    outcomes = pl.Enum(frame["outcome"].drop_nulls().unique().sort())
    return frame.with_columns(pl.col("kind", "person_id").cast(pl.Categorical), pl.col("outcome").cast(outcomes))


def compute(events, times):
    rows = pl.LazyFrame({
        "row": np.arange(len(times), dtype=np.uint32),
        "as_of": times["as_of"].to_numpy(dtype=np.int32),
        "person_id": pl.Series(times["person_id"]).cast(events["person_id"].dtype),
    })  # fmt: skip
    history = _history(events)
    del events
    parts = [_answers(_pairs(history, rows, part), part) for part in PARTS]
    table = rows.select("row").collect()
    for part in pl.collect_all(parts):
        table = table.join(part, on="row", how="left", maintain_order="left")
    shares = {
        f"kept_share_{days}": pl.col(f"kept_{days}") / (pl.col(f"kept_{days}") + pl.col(f"missed_{days}"))
        for days in LOOKBACKS
    }
    table = table.with_columns(pl.col(ZERO).fill_null(0)).with_columns(since_met=pl.min_horizontal(MET), **shares)
    return table.drop("row").to_pandas()


def _history(events):
    """Revisions that were ever in force, in order, with the day from which each was replaced."""
    revised = events.lazy().filter(
        pl.col("event_id").is_in(events.filter(pl.col("revision") > 1)["event_id"].implode())
    )
    until = revised.sort("revision", descending=True).select(
        "event_id", "revision", until=pl.col("known_on").cum_min().shift(1).over("event_id")
    )
    return (
        events.lazy()
        .join(until, on=["event_id", "revision"], how="left")
        .filter(~pl.col("retracted"))
        .with_columns(pl.col("until").fill_null(NEVER), pl.col("person_id").to_physical().alias("person"))
        .sort("person", *ORDER[1:])
        .with_row_index("order")
        .select(
            "person_id", "order", "kind", "outcome", "value", pl.col("occurred_on", "known_on", "until").cast(pl.Int32)
        )
        .collect()
    )


def _pairs(history, rows, part):
    """Each row with each event of the part that was visible then, in order; its age in days."""
    kind, outcome = PARTS[part]
    told = pl.col("kind") == kind
    flags = [(pl.col("outcome") == name).fill_null(value=False).alias(name) for name in FLAGS.get(part, ())]
    mine = history.lazy().filter(told & (pl.col("outcome") == outcome) if outcome else told)
    return (
        rows.join(mine.with_columns(*flags).drop("kind", "outcome"), on="person_id", maintain_order="left_right")
        .filter((pl.col("known_on") <= pl.col("as_of")) & (pl.col("as_of") < pl.col("until")))
        .select("row", "order", "value", *FLAGS.get(part, ()), age=pl.col("as_of") - pl.col("occurred_on"))
    )


def _answers(pairs, part):
    asked = {
        f"{name}_{days}": _among(flag, days).sum()
        for name, flag, lookbacks in COUNTS.get(part, ())
        for days in lookbacks
    }
    asked |= {f"since_{name}": (age.filter(pl.col(flag)) if flag else age).min() for name, flag in SINCE.get(part, ())}
    asked |= {f"{name}_run": _run(name, other) for name, other in RUNS.get(part, ())}
    name, lookbacks = MEANS.get(part, ("", ()))
    asked |= {f"{name}_{days}": value.filter(age < days).mean() for days in lookbacks}
    if part == "tests":
        given = pl.col("positive").filter(pl.col("positive") | pl.col("negative"))
        asked |= {f"result_{back}": given.get(-1 - back, null_on_oob=True).cast(pl.Float64) for back in RESULTS}
    if part == "taken":
        next_age = pl.when(pl.col("row") == pl.col("row").shift(-1)).then(age.shift(-1))
        pairs, asked = pairs.with_columns(later=next_age), asked | _of_doses()
    return pairs.group_by("row").agg(**asked)


def _among(flag, days):
    window = age.is_not_null() if days is None else age < days
    return pl.col(flag) & window if flag else window


def _run(name, other):
    """Those flagged after the last that is flagged otherwise."""
    return (pl.col(name) & (order > order.filter(pl.col(other)).max().cast(pl.Int64).fill_null(-1))).sum()


def _of_doses():
    """Different days, gaps and trends; `later` is the age of the next dose, absent after the last."""
    later, first_of_day = pl.col("later"), pl.col("later").is_null() | (pl.col("later") < age)
    asked = {f"dose_days_{days}": (first_of_day & (age < days)).sum() for days in LOOKBACKS}
    asked |= {f"dose_gap_{days}": (age - later.fill_null(0)).filter(age < days).max() for days in GAPS}
    before = {days: value.filter((age >= days) & (age < 2 * days)).mean() for days in TRENDS}
    asked |= {f"dose_trend_{days}": value.filter(age < days).mean() - before[days] for days in TRENDS}
    return asked | {"dose_last": value.last()}
