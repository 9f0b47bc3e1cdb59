"""One discrete-time hazard model of several horizons beside the model of one horizon: which tells persons apart better?

python -m tests.benchmarks.hazard [--persons 4000] [--seed 11]

The horizons cut time into periods; a row is learned from once for each period it is known to have lived through, or to
have relapsed in, with the number of the period as one more column. Risk within a horizon = 1 - product of (1 - hazard)
over its periods (Singer and Willett 1993, doi:10.3102/10769986018002155). Rows too young for a label of 90 days still
teach of the first 28. Same trees, same rows judged, rounds chosen on persons held out, Platt scaling on the same.
"""

import argparse
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from features.asof import Visible
from features.history import History
from features.relapse import chosen
from features.schema import Arrival, conform
from models.boosters import fit_booster, raw_score
from models.calibration import fit_platt, logit, sigmoid
from models.monotone import directions
from models.relapse import varying
from training import city
from training.config import read
from training.evaluate import draws, judged, log_loss, paired
from training.labels import label
from training.rows import rows_of
from training.splits import folds_of, person_folds

UNTIL = date(2025, 12, 31)
HORIZONS = (28, 90, 180, 365)
JUDGED = 3  # of the longest too few rows are known
FOLDS = 3
ROUNDS = (100, 200, 300)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--persons", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=11)
    asked = parser.parse_args()
    history, last_day = lived(asked.persons, asked.seed)
    config = read(None)
    rows = rows_of(history, config, chosen(config.features), snapshot_day=last_day)
    told = pd.concat([round_of(rows, history, fold, config, last_day) for fold in folds_of(rows.times, config)])
    sampling = draws(told["person_id"].to_numpy(dtype=object), resamples=200, seed=7)
    for horizon in HORIZONS[:JUDGED]:
        compare(told, horizon, sampling)


def lived(persons, seed):
    town = city.build(persons=persons, years=5, seed=seed, until=UNTIL)
    arrival = Arrival(received_on=UNTIL, backfill=True)
    tables = {name: conform(name, town.tables[name], arrival=arrival).sound() for name in ("persons", "events")}
    history = History.of(tables["events"].drop_duplicates(["event_id", "revision"]), tables["persons"])
    return history, int(history.known.max())


def round_of(rows, history, fold, config, last_day):
    """The judged rows of an origin, with the outcome and the risk of both ways within each horizon."""
    past = rows.where((rows.times["as_of"].to_numpy() < fold.origin) & rows.times["trained"].to_numpy(dtype=bool))
    judge = rows.where(fold.judge)
    known = outcomes(past, history, config, fold.origin)
    true = outcomes(judge, history, config, last_day)
    kept = varying(past.table, chosen(config.features))
    names, held = [each.name for each in kept], directions(kept)
    told = judge.times[["person_id", "as_of"]].assign(**{f"true_{days}": true[days] for days in HORIZONS})
    lesson = past.table[names], known, past.times["person_id"], held
    hazard = fitted(lesson, config.growth, periods_learned, period_risks, range(JUDGED))
    for place, days in enumerate(HORIZONS[:JUDGED]):
        one = fitted(lesson, config.growth, one_learned(place), one_risk, [place])
        told[f"one_{days}"] = one(judge.table[names], place)
        told[f"hazard_{days}"] = hazard(judge.table[names], place)
    print(f"origin {fold.origin}: {len(past.times):,} rows to learn from, {len(judge.times):,} judged", flush=True)
    return told


def outcomes(rows, history, config, day):
    """Relapse within each horizon as known on a day, NaN where not observed."""
    past = Visible.at(history, rows.times[["person_id", "as_of"]])
    return {
        days: label(past, replace(config.label, horizon_days=days), snapshot_day=day)["relapse"].to_numpy(dtype=float)
        for days in HORIZONS
    }


def one_learned(place):
    """The rows observed within one horizon, and nothing else."""

    def learned(table, known):
        y = known[HORIZONS[place]]
        seen = ~np.isnan(y)
        return table[seen], y[seen]

    return learned


def one_risk(booster, table, _place, rounds):
    return sigmoid(raw_score(booster, table.to_numpy(dtype=np.float64), threads=1, rounds=rounds))


def periods_learned(table, known):
    """Each row once for each period it was known to have begun without a relapse."""
    tables, outcome, free = [], [], np.ones(len(table), dtype=bool)
    for period, days in enumerate(HORIZONS):
        y = known[days]
        seen = free & ~np.isnan(y)
        tables.append(table[seen].assign(period=float(period)))
        outcome.append(y[seen])
        free &= y == 0
    return pd.concat(tables), np.concatenate(outcome)


def period_risks(booster, table, place, rounds):
    """The risk of a relapse by the end of a period."""
    free = np.ones(len(table))
    for period in range(place + 1):
        matrix = table.assign(period=float(period)).to_numpy(dtype=np.float64)
        free *= 1 - sigmoid(raw_score(booster, matrix, threads=1, rounds=rounds))
    return 1 - free


def fitted(lesson, growth, learned, risk_of, places):
    """A function from rows and the place of a horizon to calibrated risks; rounds and line from persons held out."""
    table, known, persons, held = lesson
    fold = person_folds("hazard " + persons, FOLDS)

    def grown(inside):
        rows, y = learned(table[inside], {days: known[days][inside] for days in HORIZONS})
        more = held if len(rows.columns) == len(held) else (*held, 0)
        return fit_booster(rows, y, replace(growth, rounds=max(ROUNDS)), directions=more)

    outside = {(rounds, place): np.full(len(table), np.nan) for rounds in ROUNDS for place in places}
    for number in range(FOLDS):
        booster = grown(fold != number)
        for (rounds, place), raw in outside.items():
            raw[fold == number] = logit(risk_of(booster, table[fold == number], place, rounds))
    whole = grown(np.ones(len(table), dtype=bool))

    def line(rounds, place):
        y = known[HORIZONS[place]]
        seen = ~np.isnan(y)
        raw = outside[rounds, place][seen]
        platt = fit_platt(raw, y[seen])
        return log_loss(y[seen], sigmoid(platt.log_odds(raw)), np.ones(seen.sum())), platt

    def answer(rows, place):
        rounds = min(ROUNDS, key=lambda each: line(each, place)[0])
        raw = logit(risk_of(whole, rows, place, rounds))
        return sigmoid(line(rounds, place)[1].log_odds(raw))

    return answer


def compare(told, days, sampling):
    y = told[f"true_{days}"].to_numpy(dtype=float)
    seen = ~np.isnan(y)
    risks = {name: told[f"{name}_{days}"].to_numpy()[seen] for name in ("hazard", "one")}
    rows = y[seen], risks, sampling.of(seen)
    figures, gap = judged(*rows), paired(*rows)["one"]
    print(f"within {days} days, {int(seen.sum()):,} rows, {int(y[seen].sum()):,} relapses")
    for name, each in figures.items():
        print(f"  {name:7}", {key: round(each[key].value, 4) for key in ("auroc", "auprc", "log_loss", "slope")})
    print(
        "  hazard less one:",
        {key: tuple(round(part, 4) for part in (e.value, e.low, e.high)) for key, e in gap.items()},
    )


if __name__ == "__main__":
    main()
