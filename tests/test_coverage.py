"""How often intervals hold a known probability: counted row by row, by tenth of the risk."""

import numpy as np
import pytest

from models.interval import Interval
from training.coverage import coverage, tenths
from training.evaluate import draws

N = 200
RISK = np.random.default_rng(3).permutation(np.arange(N) / N)
PERSONS = np.array([f"P{number}" for number in range(N)], dtype=object)
SAMPLING = draws(PERSONS, resamples=50, seed=1)


def told(probability, reach):
    return coverage(RISK, Interval(RISK - reach, RISK + reach), probability, SAMPLING)


def test_the_share_held_is_that_of_the_rows_whose_own_interval_holds_their_own_probability():
    off = np.where(RISK < 0.25, 0.2, 0.05)
    found = told(RISK + off, reach=0.1)
    assert found["held"].value == np.mean(RISK >= 0.25) == 0.75
    assert found["held"].low < 0.75 < found["held"].high
    by_loop = sum(abs(each) <= 0.1 for each in off) / N
    assert found["held"].value == by_loop


def test_each_tenth_tells_of_its_own_rows():
    found = told(np.where(RISK < 0.1, 1.0, RISK), reach=0.01)["tenths"]
    assert [each.rows for each in found] == [N // 10] * 10
    assert [each.held.value for each in found] == [0.0] + [1.0] * 9
    for number, each in enumerate(found):
        rows = np.round(RISK * N) // (N // 10) == number
        assert each.risk == pytest.approx(RISK[rows].mean())
        assert (each.interval_low, each.interval_high) == pytest.approx((each.risk - 0.01, each.risk + 0.01))
        assert each.probability == pytest.approx(1.0 if number == 0 else each.risk)


def test_few_rows_fill_few_tenths_and_none_is_lost():
    assert len(tenths(np.zeros(3))) == 3
    assert np.bincount(tenths(RISK)).tolist() == [20] * 10
