"""The search for how trees should grow: on the rows given alone, the same for a seed, and modest."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.boosters import Growth
from training.config import Tuning
from training.lesson import Lesson
from training.tune import best_rounds, tuned

ROOT = Path(__file__).parent.parent
SMALL = Tuning(trials=3, folds=2, most_rounds=60)
GROWTH = Growth(rounds=40, learning_rate=0.05, num_leaves=4, min_data_in_leaf=20, lambda_l2=5.0)


@pytest.fixture(scope="module")
def lesson():
    random = np.random.default_rng(5)
    table = pd.DataFrame(random.normal(size=(800, 3)), columns=["a", "b", "c"])
    relapse = (random.random(800) < 1 / (1 + np.exp(-table["a"] * table["b"]))).to_numpy(dtype=float)
    persons = pd.Series([f"p{number % 200}" for number in range(800)])
    return Lesson(table, relapse, np.ones(800), persons, (0, 0, 0))


def test_without_a_budget_the_growth_stays_as_configured(lesson):
    assert tuned(lesson, GROWTH, Tuning()) == GROWTH


def test_a_search_is_the_same_for_a_seed_and_changes_only_what_is_searched(lesson):
    found = tuned(lesson, GROWTH, SMALL)
    assert found == tuned(lesson, GROWTH, SMALL)
    assert (found.bagging_fraction, found.seed, found.max_bin) == (GROWTH.bagging_fraction, GROWTH.seed, GROWTH.max_bin)


def test_what_is_found_is_at_least_as_good_on_persons_not_seen(lesson):
    wild = replace(GROWTH, learning_rate=0.08, num_leaves=16, min_data_in_leaf=20, lambda_l2=1.0)
    found = tuned(lesson, wild, replace(SMALL, trials=6))
    assert best_rounds(lesson, found, SMALL)[1] <= best_rounds(lesson, wild, SMALL)[1]


def test_rounds_stop_early_where_more_only_learn_noise(lesson):
    random = np.random.default_rng(6)
    noise = replace(lesson, relapse=(random.random(800) < 0.4).astype(float))
    quick = replace(GROWTH, learning_rate=0.3, num_leaves=16, min_data_in_leaf=5)
    assert best_rounds(noise, quick, SMALL)[0] < SMALL.most_rounds


def test_rows_counted_twice_are_rows_of_twice_the_weight(lesson):
    times = np.where(np.arange(800) % 2 == 0, 2.0, 0.0)
    assert lesson.where(times > 0, times).weight.sum() == 800


def test_who_does_not_search_does_not_wait_for_what_a_search_needs():
    script = "import sys, training.fitting; print('optuna' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
