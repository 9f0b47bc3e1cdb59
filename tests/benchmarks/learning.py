"""What ten times the persons are worth, and on which held-out rows to calibrate: the relapse model on an invented city.

WAYSTATION_HOME=FOLDER python -m tests.benchmarks.learning persons [--few 1500 --many 15000]
WAYSTATION_HOME=FOLDER python -m tests.benchmarks.learning slices

The home holds a city (`waystation simulate`, `ingest --backfill`). Default recipe, rolling origins.

persons: what few learn against what many do, judged on persons neither learned from.
slices: calibrated on the last days before an origin by trees from before them, beside what is in use: persons held out.
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
from training.evaluate import auroc, draws, estimate, judged
from training.fitting import fit
from training.material import material
from training.relapse import rows_to_learn
from training.rows import rows_of
from training.splits import closed_by, folds_of

SLICES_DAYS = (84, 168, 336)
SHOWN = ("auroc", "log_loss", "slope", "intercept")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["persons", "slices"])
    parser.add_argument("--few", type=int, default=1_500)
    parser.add_argument("--many", type=int, default=15_000)
    asked = parser.parse_args()
    home = Home.of_environment()
    home.settle()
    made_from, config = material(home, lambda _: None), read(None)
    rows = rows_of(made_from.history, config, chosen(config.features), snapshot_day=made_from.last_day)
    folds = [(fold, *parts_of(rows, made_from.history, fold, config)) for fold in folds_of(rows.times, config)]
    if asked.what == "persons":
        more_persons(folds, config, made_from.history.person_ids, asked)
    else:
        slices(folds, config)


def parts_of(rows, history, fold, config):
    """The rows learned from at an origin, and the judged ones that were observed."""
    judge = rows.where(fold.judge)
    return rows_to_learn(rows, history, fold, config), judge.where(judge.times["relapse"].notna().to_numpy())


def more_persons(folds, config, person_ids, asked):
    """AUROC above .5 by few persons as a share of that by many, on persons neither learned from."""
    order = np.random.default_rng(config.seed).permutation(person_ids)
    if len(order) <= asked.many:
        raise SystemExit("persons: --many has to leave some persons to judge on.")
    learners = {"few": set(order[: asked.few]), "many": set(order[: asked.many])}
    told = []
    for _, learn, later in folds:
        judge = later.where(~later.times["person_id"].isin(learners["many"]).to_numpy())
        risks = {
            name: fit(learn.where(learn.times["person_id"].isin(some).to_numpy()), config).model.risk(judge.table)
            for name, some in learners.items()
        }
        told.append(judge.times[["person_id", "relapse"]].assign(**risks))
    rows = pd.concat(told)
    y, few, many = (rows[name].to_numpy(dtype=float) for name in ("relapse", "few", "many"))
    sampling = draws(rows["person_id"].to_numpy(dtype=object), resamples=500, seed=config.seed)

    def share(outcome, risk, weight):
        return (auroc(outcome, risk, weight) - 0.5) / (auroc(outcome, many, weight) - 0.5)

    print(f"{rows['person_id'].nunique():,} persons judged, {len(rows):,} rows, {int(y.sum()):,} relapses")
    show(judged(y, {"few": few, "many": many}, sampling))
    print("share of the AUROC above .5:", told_of(estimate(share, y, few, sampling)))


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
