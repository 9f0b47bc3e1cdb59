"""On which held-out rows to calibrate: the relapse model on an invented city.

WAYSTATION_HOME=FOLDER python -m tests.benchmarks.learning

The home holds a city (`waystation simulate`, `ingest --backfill`). Default recipe, rolling origins: calibrated on the
last days before an origin by trees from before them, beside what is in use: persons held out.
"""

import argparse

import numpy as np
import pandas as pd

from features.home import Home
from features.relapse import chosen
from models.boosters import fit_booster, raw_score
from models.calibration import fit_platt, logit, sigmoid
from models.monotone import directions
from training.config import read
from training.evaluate import draws, judged
from training.fitting import fit
from training.material import material
from training.relapse import rows_to_learn
from training.rows import rows_of
from training.splits import closed_by, folds_of

SLICES_DAYS = (84, 168, 336)
SHOWN = ("auroc", "log_loss", "slope", "intercept")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    home = Home.of_environment()
    home.settle()
    made_from, config = material(home, lambda _: None), read(None)
    rows = rows_of(made_from.history, config, chosen(config.features), snapshot_day=made_from.last_day)
    folds = [(fold, *parts_of(rows, made_from.history, fold, config)) for fold in folds_of(rows.times, config)]
    slices(folds, config)


def parts_of(rows, history, fold, config):
    """The rows learned from at an origin, and the judged ones that were observed."""
    judge = rows.where(fold.judge)
    return rows_to_learn(rows, history, fold, config), judge.where(judge.times["relapse"].notna().to_numpy())


def slices(folds, config):
    """Figures on later rows of the same trees, calibrated on persons held out or on a slice before the origin."""
    told = []
    for fold, learn, judge in folds:
        model = fit(learn, config).model
        raw = logit(model.risk(judge.table))
        raw = (raw - model.calibration.intercept) / model.calibration.slope
        risks = {"persons held out": model.risk(judge.table)}
        for days in SLICES_DAYS:
            risks[f"last {days} days"] = sigmoid(on_slice(learn, model, config, fold.origin, days).log_odds(raw))
        told.append(judge.times[["person_id", "relapse"]].assign(**risks))
    rows = pd.concat(told)
    sampling = draws(rows["person_id"].to_numpy(dtype=object), resamples=200, seed=config.seed)
    names = [name for name in rows if name not in {"person_id", "relapse"}]
    show(judged(rows["relapse"].to_numpy(dtype=float), {name: rows[name].to_numpy() for name in names}, sampling))


def on_slice(learn, model, config, origin, days):
    """The line fitted on the last days that had closed by the origin, by trees from what had closed before them."""
    seen = learn.where(learn.times["relapse"].notna().to_numpy())
    as_of = seen.times["as_of"].to_numpy(dtype=np.int64)
    begin = origin - config.label.horizon_days - config.label.reporting_lag_days - days
    early, late = closed_by(as_of, begin, config), as_of > begin
    table = seen.table[model.columns]
    trees = fit_booster(table[early], seen.relapse[early], config.growth, directions=directions(model.features))
    raw = raw_score(trees, table[late].to_numpy(dtype=np.float64), threads=1)
    return fit_platt(raw, seen.relapse[late])


def show(figures):
    for name, each in figures.items():
        print(f"{name:18}", "  ".join(f"{key} {told_of(each[key])}" for key in SHOWN), flush=True)


def told_of(estimate_of):
    return f"{estimate_of.value:.4f} ({estimate_of.low:.4f}, {estimate_of.high:.4f})"


if __name__ == "__main__":
    main()
