"""The linear part: the same fit as a library's where nothing is bound, and a sum over features."""

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.linear import fit_linear


def drawn(seed=4, rows=600):
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(rows, 4)) * [1, 5, 0.2, 1] + [0, 3, 1, 0]
    relapse = (random.random(rows) < 1 / (1 + np.exp(-matrix[:, 0] + 0.2 * matrix[:, 1]))).astype(float)
    matrix[random.random(rows) < 0.2, 2] = np.nan
    return matrix, relapse


@pytest.mark.parametrize("strength", [0.002, 0.5])
def test_without_bounds_it_is_the_ridge_regression_of_scikit_learn(strength):
    matrix, relapse = drawn()
    mine = fit_linear(matrix, relapse, strength=strength, directions=[0] * 4)
    library = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), StandardScaler(), LogisticRegression(C=strength, tol=1e-8)
    ).fit(matrix, relapse)
    assert mine.log_odds(matrix) == pytest.approx(library.decision_function(matrix), abs=1e-3)


def test_contributions_add_up_and_are_zero_on_average():
    matrix, relapse = drawn()
    mine = fit_linear(matrix, relapse, strength=0.1, directions=[0] * 4)
    shares = mine.contributions(matrix)
    assert mine.intercept + shares.sum(axis=1) == pytest.approx(mine.log_odds(matrix))
    assert shares.mean(axis=0) == pytest.approx(np.zeros(4), abs=1e-9)


def test_a_direction_the_field_is_sure_of_is_kept_against_the_rows():
    matrix, relapse = drawn()
    bound = fit_linear(matrix, relapse, strength=1.0, directions=[-1, 1, 0, 0])  # the rows say the opposite of both
    assert [line.slope for line in bound.lines[:2]] == pytest.approx([0, 0], abs=1e-9)


def test_a_value_outside_what_was_learned_counts_as_the_nearest_inside():
    matrix, relapse = drawn()
    mine = fit_linear(matrix, relapse, strength=1.0, directions=[0] * 4)
    far, edge = matrix[:1].copy(), matrix[:1].copy()
    far[0, 0], edge[0, 0] = 1e6, matrix[:, 0].max()
    assert mine.log_odds(far) == mine.log_odds(edge)


def test_a_row_counted_twice_is_two_rows():
    matrix, relapse = drawn(rows=80)
    matrix = np.nan_to_num(matrix)
    twice = np.where(np.arange(80) < 30, 2.0, 1.0)
    repeated = np.repeat(np.arange(80), twice.astype(int))
    options = {"strength": 1e4, "directions": [0] * 4}  # nearly free: standardisation does not matter then
    weighted = fit_linear(matrix, relapse, weight=twice, **options)
    plain = fit_linear(matrix[repeated], relapse[repeated], **options)
    assert weighted.log_odds(matrix) == pytest.approx(plain.log_odds(matrix), abs=1e-2)
