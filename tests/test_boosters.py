"""Several boosters in one: the mean of their scores and of each contribution, in native text."""

import subprocess
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from models.boosters import Growth, fit_booster, merged, raw_score


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(8)
    table = pd.DataFrame(random.normal(size=(500, 3)), columns=["a", "b", "c"])
    relapse = (random.random(500) < 1 / (1 + np.exp(-table["a"] + table["b"]))).to_numpy(dtype=float)
    return table, relapse


@pytest.fixture(scope="module")
def boosters(rows):
    return [fit_booster(*rows, growth) for growth in Growth(rounds=25, seeds=3).each_seed()]


def test_a_merged_booster_answers_the_mean_with_the_mean_of_the_contributions(rows, boosters):
    one, table = merged(boosters), rows[0].to_numpy()
    for asked in ({"raw_score": True}, {"pred_contrib": True}):
        mean = np.mean([each.predict(table, **asked) for each in boosters], axis=0)
        assert one.predict(table, **asked) == pytest.approx(mean, abs=1e-12)
    assert one.num_trees() == 3 * 25
    assert one.feature_name() == ["a", "b", "c"]


def test_a_merged_booster_is_native_text_that_reads_back_to_the_same_bytes(rows, boosters):
    text = merged(boosters).model_to_string()
    again = lgb.Booster(model_str=text)
    assert again.model_to_string() == text
    assert (again.predict(rows[0]) == merged(boosters).predict(rows[0])).all()


def test_seeds_differ_and_one_alone_is_left_as_it_is(boosters):
    assert len({each.model_to_string() for each in boosters}) == 3
    assert merged(boosters[:1]) is boosters[0]


def test_a_direction_is_kept(rows):
    table, relapse = rows
    bound = fit_booster(table, relapse, Growth(rounds=40), directions=[-1, 0, 0])  # the rows say the opposite
    line = pd.DataFrame({"a": np.linspace(-3, 3, 50), "b": 0.0, "c": 0.0})
    assert (np.diff(bound.predict(line.to_numpy())) <= 0).all()


def test_raw_scores_of_some_rounds_add_up_to_those_of_all(rows, boosters):
    matrix = rows[0].to_numpy()
    parts = [
        raw_score(boosters[0], matrix, threads=1, begun=begun, rounds=rounds) for begun, rounds in ((0, 10), (10, None))
    ]
    assert sum(parts) == pytest.approx(raw_score(boosters[0], matrix, threads=1), abs=1e-12)


BESIDE = """
from concurrent.futures import ThreadPoolExecutor
import numpy as np, pandas as pd
from models.boosters import Growth, fit_booster, raw_score

random = np.random.default_rng(0)
table = pd.DataFrame(random.normal(size=(3000, 60)), columns=[f"c{i}" for i in range(60)])
relapse = (random.random(3000) < 0.4).astype(float)
growth = Growth(rounds=60)
booster, matrix = fit_booster(table, relapse, growth), table.to_numpy()

def work(number):
    if number % 2:
        fit_booster(table, relapse, growth)
    else:
        [raw_score(booster, matrix, threads=growth.num_threads) for _ in range(30)]

with ThreadPoolExecutor(4) as pool:
    list(pool.map(work, range(100)))
"""


def test_a_prediction_with_the_threads_of_the_training_beside_it_breaks_neither():
    # In a process of its own: with another number of threads LightGBM writes where it may not and the process dies.
    done = subprocess.run([sys.executable, "-c", BESIDE], cwd=Path(__file__).parents[1], check=False, timeout=120)
    assert done.returncode == 0


def test_whoever_trains_asks_trees_by_the_function_that_wants_the_threads_named():
    training = Path(__file__).parents[1] / "training"
    texts = [path.read_text() for path in training.rglob("*.py")]
    assert any("raw_score(" in text for text in texts)
    assert not any("raw_score=True" in text for text in texts)
