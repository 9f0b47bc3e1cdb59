"""Platt's line, and reasons that must add up."""

import numpy as np
import pytest

from models.calibration import Platt, fit_platt, logit, sigmoid
from models.reasons import ReasonsError, contributions_of


def test_platt_finds_the_line_the_outcomes_follow():
    random = np.random.default_rng(5)
    raw = random.normal(size=100_000)
    relapse = (random.random(100_000) < sigmoid(-0.4 + 0.7 * raw)).astype(float)
    fitted = fit_platt(raw, relapse)
    assert (fitted.slope, fitted.intercept) == pytest.approx((0.7, -0.4), abs=0.03)


def test_a_perfect_separation_stays_finite():
    fitted = fit_platt(np.array([-1.0, -1.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert 0 < fitted.slope < 10


def test_the_line_never_turns_a_model_over_and_keeps_the_rate():
    raw, relapse = np.array([2.0, 1.0, 0.0, -1.0, -2.0] * 40), np.array([0.0, 0.0, 1.0, 1.0, 1.0] * 40)
    fitted = fit_platt(raw, relapse)
    assert fitted.slope > 0
    assert sigmoid(fitted.log_odds(raw)).mean() == pytest.approx(0.6, abs=0.01)


def test_from_raw_log_odds_all_the_same_comes_the_rate():
    fitted = fit_platt(np.full(100, 0.3), np.repeat([1.0, 0.0], [20, 80]))
    assert sigmoid(fitted.log_odds(np.array([0.3]))) == pytest.approx(0.2, abs=0.01)


def test_log_odds_and_probability_are_inverse():
    assert logit(sigmoid(np.array([-3.0, 0.0, 2.5]))) == pytest.approx([-3.0, 0.0, 2.5])
    assert Platt(2.0, 1.0).log_odds(np.array([3.0])).tolist() == [7.0]


@pytest.mark.parametrize("total", [1.001, np.nan])
def test_reasons_that_do_not_add_up_are_no_reasons(total):
    with pytest.raises(ReasonsError):
        contributions_of(np.array([[0.25, 0.5, 0.25]]), np.array([total]))
