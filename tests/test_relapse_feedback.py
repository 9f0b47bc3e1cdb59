"""The figures of a round of simulated feedback, by arithmetic; that a runaway loop is refused stands in test_gate."""

import numpy as np
import pytest

from training.relapse_feedback import Told

TESTS = np.array([9.0, 1, 1, 1, 1, 1, 1, 1, 1, 1] * 2)
FIRST_TEN = np.array([1.0] * 10 + [0.0] * 10)


def told(risk, used):
    return Told(np.arange(20), np.asarray(risk, dtype=float), np.asarray(used, dtype=float), TESTS)


def test_a_tenth_is_of_persons_as_often_as_they_were_drawn():
    round_ = told(np.linspace(0.1, 0.5, 20), np.arange(20) % 2)
    assert round_.figures(np.ones(20))[2] == pytest.approx((9 + 9) / 36)
    assert round_.figures(FIRST_TEN)[2] == pytest.approx(9 / 18)
    assert round_.figures(FIRST_TEN * 2)[2] == pytest.approx(9 / 18)


def test_who_was_not_drawn_counts_in_no_figure():
    used = [0, 1] * 5 + [1] * 10
    risk = np.array([0.2, 0.8] * 5 + [0.1] * 10)
    auroc, excess, _ = told(risk, used).figures(FIRST_TEN)
    assert auroc == 1.0  # of the first ten all who used have the higher risk
    assert excess == pytest.approx(0.0, abs=1e-9)  # a mean risk of a half, and a half who used
    assert told(risk, used).figures(np.ones(20))[0] < 1.0
