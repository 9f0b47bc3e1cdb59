"""Observed rows to learn from, each with its weight, the trees grown on them, and what such trees say of others."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import lightgbm as lgb
import numpy as np
import pandas as pd

from features.arrays import Flags, Floats, Ints
from models.boosters import Growth, fit_booster, raw_score
from models.calibration import fit_platt, sigmoid
from training.evaluate import log_loss

Told = TypeVar("Told")
Asked = TypeVar("Asked")

CHECKS = 10  # how often along the rounds the held-out loss is looked at


@dataclass(frozen=True)
class Lesson:
    """Observed rows to learn from: the columns, the outcome, each row's weight and person, directions to hold."""

    table: pd.DataFrame
    relapse: Floats
    weight: Floats
    persons: pd.Series
    directions: tuple[int, ...]

    def where(self, keep: Flags, times: Floats | None = None) -> "Lesson":
        """Those rows for which `keep` is true, each counted so many times."""
        weight = self.weight if times is None else self.weight * times
        return replace(
            self, table=self.table[keep], relapse=self.relapse[keep], weight=weight[keep], persons=self.persons[keep]
        )

    def calibrated_loss(self, raw: Floats) -> float:
        """The log loss of raw log-odds once they are calibrated on the same rows."""
        line = fit_platt(raw, self.relapse, self.weight)
        return log_loss(self.relapse, sigmoid(line.log_odds(raw)), self.weight)

    def grown(self, growth: Growth) -> lgb.Booster:
        """The booster of one seed on all rows."""
        return fit_booster(self.table, self.relapse, growth, weight=self.weight, directions=self.directions)


def checks_of(rounds: int) -> Ints:
    """The numbers of rounds, up to all of them, after which trees are asked."""
    return np.unique(np.linspace(0, rounds, CHECKS + 1)[1:].astype(np.int64)).clip(1)


def trees_outside(lesson: Lesson, growth: Growth, fold: Ints, rounds: Ints) -> Floats:
    """Raw log-odds of trees grown on the other folds, after each number of rounds, shape (numbers, rows)."""
    raw = np.zeros((len(rounds), len(fold)))

    def ask(number: int) -> None:
        outside = fold == number
        booster = lesson.where(~outside).grown(growth)
        matrix = lesson.table[outside].to_numpy(dtype=np.float64)
        for place, (begun, end) in enumerate(pairwise([0, *rounds.tolist()])):
            raw[place, outside] = raw_score(
                booster, matrix, threads=growth.num_threads, begun=begun, rounds=end - begun
            )

    side_by_side(ask, np.unique(fold))
    return np.cumsum(raw, axis=0)


def side_by_side(ask: Callable[[Asked], Told], each: Iterable[Asked]) -> list[Told]:
    """The answers in order, on all cores: LightGBM works outside Python's lock."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(ask, each))
