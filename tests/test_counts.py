import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from models.counts import covered, dispersion_of, interval_of, negative_binomial_deviance, poisson_deviance


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 60), st.floats(0.01, 60.0), st.floats(0.01, 3.0))
def test_the_deviance_is_twice_what_the_log_likelihood_lacks(count, mean, dispersion):
    size = 1 / dispersion
    best = stats.nbinom.logpmf(count, size, size / (size + max(count, 1e-12)))
    lacks = best - stats.nbinom.logpmf(count, size, size / (size + mean))
    found = negative_binomial_deviance(np.array([float(count)]), np.array([mean]), np.array([dispersion]))[0]
    assert found == pytest.approx(2 * lacks, abs=1e-6)


def test_without_dispersion_the_deviance_is_poissons():
    counts, mean = np.array([0.0, 1.0, 5.0]), np.array([0.5, 2.0, 4.0])
    assert negative_binomial_deviance(counts, mean, np.zeros(3)) == pytest.approx(
        poisson_deviance(counts, mean), rel=1e-4
    )


@pytest.mark.parametrize(("mean", "dispersion"), [(0.05, 0.0), (0.05, 1.0), (3.0, 0.5), (80.0, 0.05)])
def test_intervals_of_the_true_distribution_cover_nine_in_ten_also_on_sparse_cells(mean, dispersion):
    drawn, many = np.random.default_rng(6), np.full(20_000, mean)
    counts = drawn.poisson(many * (drawn.gamma(1 / dispersion, dispersion, len(many)) if dispersion else 1.0))
    inside = covered(counts.astype(float), many, np.full(len(many), dispersion))
    assert inside.mean() == pytest.approx(0.9, abs=0.015)


def test_intervals_too_narrow_or_too_high_cover_less():
    drawn, many = np.random.default_rng(6), np.full(20_000, 3.0)
    counts = drawn.poisson(many * drawn.gamma(1, 1, len(many))).astype(float)
    assert covered(counts, many, np.zeros(len(many))).mean() < 0.75
    assert covered(counts, many * 9, np.ones(len(many))).mean() < 0.8


def test_weights_choose_the_windows_that_the_dispersion_is_of():
    mean = np.full((2, 4), 4.0)
    counts = np.array([[4.0] * 4, [0.0, 8.0, 0.0, 8.0]])
    assert dispersion_of(counts, mean, np.array([[1.0], [0.0]])) == 0.0
    assert dispersion_of(counts, mean, np.array([[0.0], [1.0]])) == pytest.approx((16 - 4) / 16)


def test_nothing_expected_has_no_dispersion():
    assert dispersion_of(np.zeros((0, 3)), np.zeros((0, 3))) == 0.0


def test_an_interval_holds_what_it_is_about():
    low, high = interval_of(np.array([0.1, 5.0]), 0.2)
    assert (low <= [0.1, 5.0]).all()
    assert (high >= [0.1, 5.0]).all()
