"""How the trees should grow, searched on the rows a model learns from and on nothing else.

Each trial fits the same recipe on folds of persons within those rows; the number of rounds is not searched but read off
the held-out loss along the way (early stopping). Whoever judges on other rows therefore judges fairly: the backtest
searches anew in each of its folds. The sampler is Optuna's TPE (Akiba et al. 2019, doi:10.1145/3292500.3330701).
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from models.boosters import Growth
from training.config import Tuning
from training.lesson import Lesson, checks_of, trees_outside
from training.splits import person_folds

if TYPE_CHECKING:
    import optuna

WORTH = 5e-4  # log loss, nats: less than that is no reason to leave what is configured

RANGES: dict[str, tuple[float, float]] = {
    "learning_rate": (0.015, 0.08),
    "num_leaves": (3, 16),
    "min_data_in_leaf": (20, 300),
    "feature_fraction": (0.05, 0.5),
    "lambda_l2": (1.0, 100.0),
}


def tuned(rows: Lesson, growth: Growth, tuning: Tuning) -> Growth:
    """The growth whose calibrated log loss on persons not seen is least; the one given unless another is worth it."""
    if tuning.trials == 0:
        return growth
    import optuna  # half a second, which only a search should cost

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=growth.seed))
    study.enqueue_trial({name: getattr(growth, name) for name in RANGES})

    def objective(trial: "optuna.Trial") -> float:
        rounds, loss = best_rounds(rows, suggested(trial, growth), tuning)
        trial.set_user_attr("rounds", rounds)
        return loss

    study.optimize(objective, n_trials=tuning.trials, show_progress_bar=tuning.shown)
    first, best = study.trials[0], study.best_trial
    chosen = best if (first.value or np.inf) - (best.value or np.inf) > WORTH else first
    return replace(growth, rounds=int(chosen.user_attrs["rounds"]), **chosen.params)


def suggested(trial: "optuna.Trial", growth: Growth) -> Growth:
    """The growth of a trial; whole numbers where the growth has them, all on a logarithmic scale."""
    drawn: dict[str, Any] = {
        name: trial.suggest_int(name, int(low), int(high), log=True)
        if isinstance(getattr(growth, name), int)
        else trial.suggest_float(name, low, high, log=True)
        for name, (low, high) in RANGES.items()
    }
    return replace(growth, **drawn)


def best_rounds(rows: Lesson, growth: Growth, tuning: Tuning) -> tuple[int, float]:
    """The number of rounds with the least calibrated log loss on persons not seen, and that loss."""
    fold = person_folds("tuning " + rows.persons, tuning.folds)
    checks = checks_of(tuning.most_rounds)
    raw = trees_outside(rows, replace(growth, rounds=tuning.most_rounds), fold, checks)
    losses = [rows.calibrated_loss(each) for each in raw]
    least = int(np.argmin(losses))
    return int(checks[least]), losses[least]
