"""The features of the benchmark by DuckDB: one statement, a join and its aggregates for each kind."""

import duckdb
import numpy as np

from tests.benchmarks.rivals import (
    COUNTS,
    FLAGS,
    GAPS,
    LOOKBACKS,
    MEANS,
    MET,
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
    """A database in memory with the events in a table of its own, words as enumerations."""
    database = duckdb.connect(config={"threads": 2})
    for column in ("person_id", "kind", "outcome"):
        words = f"(select distinct {column} from read_parquet($path) where {column} is not null order by 1)"
        database.execute(f"create type {column} as enum {words.replace('$path', repr(str(path)))}")
    typed = {"person_id": "::person_id", "kind": "::kind", "outcome": "::outcome",
             "occurred_on": "::integer", "known_on": "::integer"}  # fmt: skip
    columns = ", ".join(f"{name}{typed.get(name, '')} as {name}" for name in TOLD)
    database.execute(f"create table events as select {columns} from read_parquet('{path}')")
    return database


def compute(database, times):
    rows = times.assign(row=np.arange(len(times), dtype=np.uint32), as_of=times["as_of"].astype("int32"))
    database.register("given_rows", rows)
    database.execute(f"""
        create or replace temp table rows as select row, as_of, person_id::person_id as person_id from given_rows;
        create or replace temp table history as
            with revised as (
                select event_id, revision, min(known_on) over (partition by event_id order by revision
                    rows between 1 following and unbounded following) as until
                from events where event_id in (select event_id from events where revision > 1))
            select events.*, until, row_number() over (order by {", ".join(ORDER)}) as "order"
            from events left join revised using (event_id, revision) where not retracted""")
    for part in PARTS:
        database.execute(f"create or replace temp table {part} as {_answers(part)}")
    columns = ", ".join(f"coalesce({name}, 0) as {name}" if name in ZERO else name for name in _names())
    shares = ", ".join(
        f"kept_{days} / nullif(kept_{days} + missed_{days}, 0) as kept_share_{days}" for days in LOOKBACKS
    )
    joined = " ".join(f"left join {part} using (row)" for part in PARTS)
    return database.execute(
        f"select {columns}, {shares}, least({', '.join(MET)}) as since_met from rows {joined} order by row"
    ).df()


def _answers(part):
    kind, outcome = PARTS[part]
    flags = "".join(f", coalesce(outcome = '{name}', false) as {name}" for name in FLAGS.get(part, ()))
    wanted = f"kind = '{kind}'" + (f" and outcome = '{outcome}'" if outcome else "")
    named = ", ".join(f"{expression} as {name}" for name, expression in _expressions(part).items())
    return f"""
        with pairs as (
            select row, as_of - occurred_on as age, value, "order"{flags}
            from rows join history using (person_id)
            where {wanted} and known_on <= as_of and (until is null or as_of < until))
        select row, {named} from {_looked_at(part)} group by row"""


def _looked_at(part):
    """The pairs with what needs their order: the age of the next, the number among those given, where runs begin."""
    if part == "taken":
        return """(select *, lead(age) over (partition by row order by "order") as later from pairs)"""
    if part in RUNS:
        last = ", ".join(
            f"""coalesce(max("order") filter ({other}) over (partition by row), -1) as last_{other}"""
            for other in dict.fromkeys(other for _, other in RUNS[part])
        )
        rank = """, case when positive or negative then row_number() over (
            partition by row, positive or negative order by "order" desc) end as back"""
        return f"(select *, {last}{rank if part == 'tests' else ''} from pairs)"
    return "pairs"


def _expressions(part):
    asked = {
        f"{name}_{days}": f"count(*) filter ({_among(flag, days)})"
        for name, flag, lookbacks in COUNTS.get(part, ())
        for days in lookbacks
    }
    asked |= {f"since_{name}": f"min(age) filter ({flag or 'true'})" for name, flag in SINCE.get(part, ())}
    asked |= {
        f"{name}_run": f"""count(*) filter ({name} and "order" > last_{other})""" for name, other in RUNS.get(part, ())
    }
    name, lookbacks = MEANS.get(part, ("", ()))
    asked |= {f"{name}_{days}": f"avg(value) filter (age < {days})" for days in lookbacks}
    if part == "tests":
        asked |= {f"result_{back}": f"max(positive::double) filter (back = {back + 1})" for back in RESULTS}
    return asked | _of_doses() if part == "taken" else asked


def _of_doses():
    first_of_day = "(later is null or later < age)"
    asked = {f"dose_days_{days}": f"count(*) filter (age < {days} and {first_of_day})" for days in LOOKBACKS}
    asked |= {f"dose_gap_{days}": f"max(age - coalesce(later, 0)) filter (age < {days})" for days in GAPS}
    before = "avg(value) filter (age >= {days} and age < 2 * {days})"
    asked |= {f"dose_trend_{days}": f"avg(value) filter (age < {days}) - {before.format(days=days)}" for days in TRENDS}
    return asked | {"dose_last": """arg_max(value, "order")"""}


def _among(flag, days):
    return " and ".join([*([flag] if flag else []), *([f"age < {days}"] if days else [])]) or "true"


def _names():
    return [name for part in PARTS for name in _expressions(part)]
