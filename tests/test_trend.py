import numpy as np
import pytest
from scipy.optimize import minimize

from features.trend import USUAL_A_YEAR, trend_of

DAYS = 3 * 365
AGE = np.arange(DAYS)
EVEN, EXPOSED = np.ones(DAYS), np.ones((1, DAYS))


def grown(a_day, growth):
    """Counts by age without chance: so many today, and less the older."""
    return a_day * np.exp(-growth * AGE)[None, :]


def test_a_growing_city_is_told_its_growth_and_its_rate_of_today():
    told = trend_of(grown(20.0, 0.001), EXPOSED, EVEN)
    assert told.growth[0] == pytest.approx(0.001, rel=0.01)
    assert told.today[0] == pytest.approx(20.0, rel=0.01)


def test_few_incidents_make_no_trend_and_an_empty_city_none():
    assert 0 < trend_of(grown(0.002, 0.001), EXPOSED, EVEN).growth[0] < 0.0002
    assert trend_of(np.zeros((1, DAYS)), EXPOSED, EVEN).growth == pytest.approx([0.0], abs=1e-9)


def test_days_whose_records_are_not_in_bend_no_trend():
    exposed = np.where(AGE < 30, 0.0, 1.0)[None, :]
    told = trend_of(grown(20.0, 0.001) * exposed, exposed, 0.5 ** (AGE / 180))
    assert told.today[0] == pytest.approx(20.0, rel=0.02)


def test_the_trend_is_the_mode_that_a_search_finds():
    fading = 0.5 ** (AGE / 200)
    counts = np.random.default_rng(3).poisson(grown(2.0, 0.0008)).astype(float)
    mean = (fading @ -AGE) / fading.sum()
    variance = (fading @ (AGE + mean) ** 2) / fading.sum()
    sandwich = (counts[0] * fading**2) @ (AGE + mean) ** 2 / ((counts[0] @ fading) * variance)

    def loss(asked):
        rate = np.exp(asked[0] - asked[1] / 365.25 * AGE)
        return -(fading @ (counts[0] * np.log(rate) - rate)) + sandwich * asked[1] ** 2 / USUAL_A_YEAR**2 / 2

    found = minimize(loss, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10})
    told = trend_of(counts, EXPOSED, fading)
    assert told.growth[0] * 365.25 == pytest.approx(found.x[1], abs=1e-4)
    assert told.today[0] == pytest.approx(np.exp(found.x[0]), rel=1e-4)


def test_a_date_asked_alone_gets_the_same_as_among_others():
    counts = np.vstack([grown(2.0, 0.001), grown(5.0, -0.001)])
    both = trend_of(counts, np.ones((2, DAYS)), EVEN)
    alone = trend_of(counts[1:], EXPOSED, EVEN)
    assert both.growth[1] == pytest.approx(alone.growth[0], rel=1e-9)
    assert both.growth[1] == pytest.approx(-0.001, rel=0.02)
