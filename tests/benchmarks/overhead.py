"""What the training of a relapse model costs beyond LightGBM itself, on the same matrix: seconds of the processor.

WAYSTATION_HOME=FOLDER python -m tests.benchmarks.overhead [--rows 377000] [--times 2]

The home holds a city (`waystation simulate`, `ingest --backfill`); rows of the default recipe on fortnightly dates.

whole   ours: `training.fitting.fit`, from rows in memory to a model with an interval: who is observed, weights, trees
        of each fold and what they say of the others, rounds, Platt's line, the trees, refits on resampled persons and
        what they say of the others, spread.
        bare: `lgb.Dataset` and `lgb.train` once for each booster that ours grows (folds, the model, refits), on rows
        cut from one NumPy matrix: same parameters, rounds, weights, seeds, threads, as many at a time. It says nothing
        of any row: all our predictions, regressions and the spread count as overhead.
one     ours: `Lesson.grown`, the trees that answer. bare: one `lgb.Dataset` and `lgb.train` on the whole matrix.
"""

import argparse
import time
from dataclasses import asdict, replace

import lightgbm as lgb
import numpy as np

from features.home import Home
from features.relapse import chosen
from models.boosters import OURS
from training.config import read
from training.fitting import fit
from training.lesson import side_by_side
from training.material import material
from training.rows import rows_of
from training.splits import person_folds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=377_000)
    parser.add_argument("--times", type=int, default=2)
    asked = parser.parse_args()
    config, rows = read(None), learned(asked.rows)
    print(f"{len(rows.times):,} rows, {int(rows.observed.sum()):,} observed, {len(rows.table.columns)} features")
    pairs = []
    for _ in range(asked.times):
        ours, fitted = timed(fit, rows, config, refits=config.fit.refits)
        pairs.append((ours, timed(each_bare, fitted, config)[0]))
    tell("whole", pairs)
    lesson = fitted.lesson
    matrix, times = lesson.table.to_numpy(dtype=np.float64), np.ones(len(lesson.table))
    growth = replace(config.growth, rounds=fitted.model.booster.num_trees())
    pairs = [
        (timed(lesson.grown, growth)[0], timed(trees, matrix, lesson, growth, times)[0]) for _ in range(asked.times)
    ]
    tell("one", pairs)


def learned(n_rows):
    """So many rows to learn from, or as many as the city of the home has."""
    made_from, config = material(Home.settled(), lambda _: None), read(None)
    config = replace(config, as_of=replace(config.as_of, trained_every_days=config.as_of.every_days))
    rows = rows_of(made_from.history, config, chosen(config.features), snapshot_day=made_from.last_day)
    first = np.zeros(len(rows.times), dtype=bool)
    first[np.random.default_rng(config.seed).permutation(len(first))[:n_rows]] = True
    return rows.where(first)


def each_bare(fitted, config):
    """Every booster that `fit` grows, by LightGBM alone."""
    lesson, growth = fitted.lesson, config.growth
    matrix, times = lesson.table.to_numpy(dtype=np.float64), np.ones(len(lesson.table))
    fold = person_folds("calibration " + lesson.persons, config.fit.calibration_folds)
    ids, place = np.unique(lesson.persons.to_numpy(dtype=object), return_inverse=True)
    random = np.random.default_rng(config.seed)
    drawn = random.multinomial(len(ids), np.full(len(ids), 1 / len(ids)), size=config.fit.refits)[:, place]
    stopped = replace(growth, rounds=fitted.model.booster.num_trees())
    asked = [(growth, times * (fold != number)) for number in np.unique(fold)]
    asked += [(stopped, times), *((stopped, each.astype(float)) for each in drawn)]
    side_by_side(lambda each: trees(matrix, lesson, *each), asked)


def trees(matrix, lesson, growth, times):
    """The trees of LightGBM on the rows counted at least once."""
    parameters = {key: value for key, value in asdict(growth).items() if key not in OURS}
    parameters |= {"objective": "binary", "deterministic": True, "force_row_wise": True, "verbosity": -1}
    parameters["monotone_constraints"] = list(lesson.directions)
    kept = times > 0
    here = (matrix, lesson.relapse, lesson.weight) if kept.all() else (
        matrix[kept], lesson.relapse[kept], (lesson.weight * times)[kept]
    )  # fmt: skip
    return lgb.train(parameters, lgb.Dataset(here[0], here[1], weight=here[2]), num_boost_round=growth.rounds)


def timed(work, *given, **named):
    began = time.process_time()
    done = work(*given, **named)
    return time.process_time() - began, done


def tell(what, pairs):
    ours, bare = zip(*pairs, strict=True)
    told = " / ".join(f"{one:.1f} and {other:.1f}" for one, other in pairs)
    print(f"{what}: ours and bare {told} s, overhead {min(ours) / min(bare) - 1:+.1%}", flush=True)


if __name__ == "__main__":
    main()
