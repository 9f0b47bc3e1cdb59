"""Every measure against a plain definition, and the meaning of its interval."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from training import evaluate

rows = st.integers(5, 60).flatmap(
    lambda n: st.tuples(
        st.lists(st.sampled_from([0.0, 1.0]), min_size=n, max_size=n),
        st.lists(st.sampled_from([0.05, 0.2, 0.4, 0.4, 0.7, 0.95]), min_size=n, max_size=n),
        st.lists(st.integers(0, 3), min_size=n, max_size=n),
    )
)


@settings(max_examples=100, deadline=None)
@given(rows)
def test_measures_with_weights_are_those_of_the_repeated_rows(drawn):
    y, risk, times = (np.array(part, dtype=float) for part in drawn)
    repeated_y, repeated_risk = (np.repeat(part, times.astype(int)) for part in (y, risk))
    if len(set(repeated_y)) < 2:
        return
    assert evaluate.auroc(y, risk, times) == pytest.approx(roc_auc_score(repeated_y, repeated_risk))
    assert evaluate.auprc(y, risk, times) == pytest.approx(average_precision_score(repeated_y, repeated_risk))
    assert evaluate.brier(y, risk, times) == pytest.approx(brier_score_loss(repeated_y, repeated_risk))
    assert evaluate.log_loss(y, risk, times) == pytest.approx(log_loss(repeated_y, repeated_risk))


def test_right_risks_have_slope_one_intercept_zero_and_small_error():
    random = np.random.default_rng(1)
    log_odds = random.normal(size=200_000)
    y = (random.random(200_000) < 1 / (1 + np.exp(-log_odds))).astype(float)
    ones = np.ones(len(y))
    right, extreme, low = (1 / (1 + np.exp(-odds)) for odds in (log_odds, 2 * log_odds, log_odds - 0.5))
    assert evaluate.slope(y, right, ones) == pytest.approx(1, abs=0.02)
    assert evaluate.slope(y, extreme, ones) == pytest.approx(0.5, abs=0.02)
    assert evaluate.intercept(y, low, ones) == pytest.approx(0.5, abs=0.02)
    assert evaluate.ece(y, right, ones) < 0.01
    assert evaluate.ece(y, low, ones) > 0.05


def test_expected_calibration_error_is_arithmetic():
    y, risk = np.array([0.0, 1.0, 1.0, 1.0]), np.array([0.25, 0.25, 0.75, 0.75])
    # two groups of equal weight: |0.5 - 0.25| and |1 - 0.75|
    assert evaluate.ece(y, risk, np.ones(4)) == pytest.approx((0.25 + 0.25) / 2)


def test_risks_all_but_the_same_have_no_slope():
    y, risk = np.array([0.0, 1.0, 1.0, 0.0]), np.array([0.40, 0.41, 0.42, 0.43])
    assert np.isnan(evaluate.slope(y, risk, np.ones(4)))


def test_all_rows_of_a_person_are_drawn_together():
    persons = np.array(["a", "a", "b", "c", "c", "c"], dtype=object)
    weights = evaluate.draws(persons, resamples=50, seed=1).drawn
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 3] == weights[:, 5]).all()
    assert (weights[:, 0] + weights[:, 2] + weights[:, 3] == 3).all()


def test_the_interval_holds_the_value_and_a_paired_difference_with_itself_is_zero():
    random = np.random.default_rng(2)
    y = random.integers(0, 2, 300).astype(float)
    risk = np.clip(0.3 * y + random.random(300) * 0.6, 0.01, 0.99)
    persons = np.array([f"p{number % 90}" for number in range(300)], dtype=object)
    sampling = evaluate.draws(persons, resamples=200, seed=1)
    figures = evaluate.judged(y, {"model": risk}, sampling)["model"]
    assert all(each.low <= each.value <= each.high for name, each in figures.items() if name != "ece")
    same = evaluate.paired(y, {"model": risk, "twin": risk}, sampling)["twin"]
    assert all((each.value, each.low, each.high) == (0, 0, 0) for each in same.values())


def test_a_ratio_is_arithmetic_and_its_interval_that_of_the_resampled_sums():
    persons = np.array(["a", "a", "b", "c"], dtype=object)
    part, whole = np.array([1.0, 0.0, 1.0, 0.0]), np.array([1.0, 1.0, 1.0, 1.0])
    told = evaluate.ratio(part, whole, evaluate.draws(persons, resamples=500, seed=3))
    assert told.value == 2 / 4
    assert (told.low, told.high) == (0.0, 1.0)  # only c drawn; only b drawn
    assert np.isnan(evaluate.ratio(part, np.zeros(4), evaluate.draws(persons, resamples=9, seed=3)).value)


def test_a_row_of_weight_two_counts_twice():
    y, risk = np.array([0.0, 1.0, 1.0]), np.array([0.2, 0.1, 0.9])
    sampling = evaluate.draws(np.array(["a", "b", "c"], dtype=object), resamples=5, seed=1)
    weighted = evaluate.estimate(evaluate.auroc, y, risk, sampling, weight=np.array([1.0, 2.0, 1.0]))
    repeated = np.array([0, 1, 1, 2])
    assert weighted.value == evaluate.auroc(y[repeated], risk[repeated], np.ones(4))
