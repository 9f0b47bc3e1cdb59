import dataclasses

import numpy as np
import pytest

from features.errors import ConfigError, TooLittleHistoryError, UnfitModelError
from models.prior import (
    Recent,
    counts_after,
    evidence_of,
    expected_then,
    fit_prior,
    level_weights,
    stacked_weights,
    windows_before,
)
from tests.hotspot_helpers import past_of, row_of_areas, steady

RATES = [3.0, 1.0, 0.5]
DATES = np.arange(1203, 2100, 7)
NOW = int(DATES[-1])


PROMPT = Recent(0)


def evidence(rows=None, *, recent=PROMPT, **how):
    return evidence_of(past_of(steady(RATES, 1200) if rows is None else rows, DATES, **how), recent)


def fitted(seen):
    return fit_prior(seen, windows_before(seen, NOW))


def test_weights_find_the_map_that_incidents_came_from():
    drawn = np.random.default_rng(2)
    shares = drawn.dirichlet(np.ones(20), size=(30, 3))
    observed = np.array([drawn.multinomial(200, each[1]) for each in shares], float)
    weights = stacked_weights(shares, observed, centre=np.full(3, 1 / 3))
    assert weights.sum() == pytest.approx(1)
    assert weights[1] > 0.95


def test_weights_climb_the_likelihood_as_high_as_any_in_a_fine_search():
    drawn = np.random.default_rng(4)
    shares = drawn.dirichlet(np.ones(10), size=(20, 2))
    observed = np.array([drawn.multinomial(50, 0.3 * one + 0.7 * other) for one, other in shares], float)
    weights = stacked_weights(shares, observed, centre=np.array([0.5, 0.5]), strength=0.0)
    searched = [
        (observed * np.log(w * shares[:, 0] + (1 - w) * shares[:, 1])).sum() for w in np.linspace(0.001, 0.999, 999)
    ]
    assert weights[0] == pytest.approx(np.linspace(0.001, 0.999, 999)[int(np.argmax(searched))], abs=0.01)


def test_without_incidents_weights_stay_at_their_centre():
    centre = np.array([0.2, 0.8])
    weights = stacked_weights(np.full((3, 2, 4), 0.25), np.zeros((3, 4)), centre=centre)
    assert weights == pytest.approx(centre)


def test_level_weights_find_the_level_that_told_the_totals():
    told = np.abs(np.random.default_rng(5).normal(100, 40, (60, 3)))
    weights = level_weights(told, told[:, 2])
    assert weights.sum() == pytest.approx(1)
    assert weights[2] > 0.9


def test_level_weights_are_those_that_a_fine_search_finds_likeliest():
    drawn = np.random.default_rng(6)
    told = np.column_stack([np.full(40, 50.0), drawn.uniform(20, 90, 40)])
    totals = drawn.poisson(0.4 * told[:, 0] + 0.6 * told[:, 1]).astype(float)
    searched = np.linspace(0.001, 0.999, 999)
    mean = searched[:, None] * told[:, 0] + (1 - searched[:, None]) * told[:, 1]
    likely = (totals * np.log(mean) - mean).sum(axis=1) + 0.5 * np.log(searched * (1 - searched))
    found = level_weights(told, totals, strength=0.5)
    assert found[0] == pytest.approx(searched[int(np.argmax(likely))], abs=0.001)


def test_few_incidents_leave_levels_near_their_mean():
    assert level_weights(np.array([[1.0, 2.0]]), np.array([1.0])) == pytest.approx([0.5, 0.5], abs=0.1)


def test_a_steady_city_is_expected_as_it_was():
    seen = evidence()
    expected = fitted(seen).expected(seen)[-1]
    assert expected == pytest.approx(np.array(RATES) * 28, rel=0.25)
    assert (expected > 0).all()


def test_the_prior_adds_up_to_the_level_of_the_city():
    seen = evidence()
    told = fitted(seen)
    assert told.expected(seen).sum(axis=1) == pytest.approx(seen.levels @ np.array(told.level_weights))


@pytest.mark.parametrize("how", [{}, {"areas": row_of_areas(3, outlined=False)}])
def test_what_is_not_known_yet_changes_no_prior(how):
    rows = steady(RATES, 1200)
    edited = rows.assign(area_id=rows["area_id"].mask(rows["known_on"] > NOW, "T02"))
    assert (rows["known_on"] > NOW).any()
    first, second = (evidence(told, **how) for told in (rows, edited))
    assert (fitted(first).expected(first) == fitted(second).expected(second)).all()


def test_windows_end_before_the_lag_and_follow_each_other():
    seen = evidence(recent=Recent(14))
    windows = windows_before(seen, NOW)
    assert DATES[windows.at[-1]] + 28 + 14 <= NOW < DATES[windows.at[-1]] + 28 + 14 + 7
    assert set(np.diff(windows.at)) == {4}
    assert len(windows.at) <= 39


def test_outcomes_equal_a_plain_loop_and_leave_out_what_is_not_known():
    rows = steady(RATES, 1200).assign(known_on=lambda told: told["occurred_on"] + np.arange(len(told)) % 30)
    seen = evidence(rows)
    found = counts_after(seen.past, np.array([5, 50]), known_by=1600)
    for counts, as_of in zip(found, DATES[[5, 50]], strict=True):
        came = rows[(rows["occurred_on"] - as_of).between(1, 28) & (rows["known_on"] <= 1600)]
        assert counts.tolist() == [came["area_id"].eq(f"T0{area}").sum() for area in range(3)]


def test_other_areas_than_those_fitted_on_are_refused():
    seen = evidence()
    plain = evidence(areas=row_of_areas(3, outlined=False))
    with pytest.raises(UnfitModelError, match="other maps"):
        fitted(seen).expected(plain)


def test_dates_that_are_not_weekly_are_refused():
    with pytest.raises(ConfigError, match="a week apart"):
        evidence_of(past_of(steady(RATES, 100), [1050, 1060]), Recent(0))


def test_a_history_shorter_than_a_horizon_is_refused():
    seen = evidence_of(past_of(steady(RATES, 100), [1050, 1057]), Recent(14))
    with pytest.raises(TooLittleHistoryError, match="complete"):
        windows_before(seen, 1057)


def test_recent_days_are_corrected_or_dropped_and_nothing_else():
    with pytest.raises(ConfigError, match="corrected"):
        Recent(14, "guessed")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_level_weights_are_the_same_simplex_at_every_scale(scale):
    totals = np.array([30.0, 60.0, 45.0, 90.0])
    told = np.stack([totals, totals[::-1], np.full(4, totals.mean())], axis=1)
    weights, plain = (
        level_weights(scale * told, scale * totals, strength=scale),
        level_weights(told, totals, strength=1),
    )
    assert weights == pytest.approx(plain, rel=1e-9)
    assert weights.sum() == pytest.approx(1.0)
    assert weights.argmax() == 0
    assert level_weights(scale * told[:, :1], scale * totals).tolist() == [1.0]


def test_what_is_expected_without_keeping_the_maps_is_the_same():
    seen = evidence()
    prior = fitted(seen)
    assert prior.expected_of(seen.past) == pytest.approx(prior.expected(seen), rel=1e-12)


def test_what_was_expected_then_knows_only_the_windows_complete_before_it():
    seen = evidence(recent=Recent(14))
    windows, prior = windows_before(seen, NOW), fitted(seen)
    late = dataclasses.replace(windows, observed=windows.observed.copy())
    late.observed[10:] *= 3
    told, moved = (expected_then(prior, seen, each) for each in (windows, late))
    assert told[:12] == pytest.approx(moved[:12])  # window 10 ends when 11 begins, and its records are two weeks late
    assert (told[12:].sum(axis=1) != moved[12:].sum(axis=1)).all()
    assert told[0].sum() == pytest.approx(seen.levels[windows.at[0]].mean())
