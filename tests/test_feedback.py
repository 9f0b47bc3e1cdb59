"""Forecasts that steer testing feed on themselves, unless account is taken of how much was tested."""

from dataclasses import replace

import pytest

from models.hotspot_fit import Learning
from training.city import plan
from training.feedback import ALLOWED, Figures, Loop, audit
from training.hotspot_config import HotspotConfig

CITY = {"preset": "guiyang", "persons": 1000, "years": 3, "seed": 7}


def recipe(*, adjusted, seed=1):
    return HotspotConfig(at_equal_effort=adjusted, seed=seed)


@pytest.fixture(scope="module")
def with_and_without():
    return tuple(audit(plan(**CITY), recipe(adjusted=adjusted)) for adjusted in (True, False))


def test_with_account_of_testing_the_top_district_keeps_its_true_share_for_ten_rounds(with_and_without):
    figures, _ = with_and_without
    assert len(figures.forecast_shares) == 1 + 10
    assert all(abs(share / figures.true_share - 1) < ALLOWED for share in figures.forecast_shares)
    assert figures.holds


def test_without_it_the_share_drifts_away_from_the_same_start(with_and_without):
    adjusted, drifting = with_and_without
    assert drifting.true_share == adjusted.true_share
    assert drifting.forecast_shares[0] == pytest.approx(adjusted.forecast_shares[0], rel=0.01)
    assert abs(drifting.drift) > 3 * ALLOWED
    assert not drifting.holds


def test_where_nothing_is_steered_nothing_drifts():
    loop = Loop(rounds=4, steered=0.0)
    assert audit(plan(**CITY), recipe(adjusted=False), loop).holds


def test_where_nothing_comes_of_testing_nothing_drifts():
    assert audit(plan(**CITY), recipe(adjusted=False), Loop(rounds=4, tested=0.0)).holds


def test_the_trees_of_the_recipe_take_part():
    loop = Loop(rounds=1)
    few, many = (replace(recipe(adjusted=True), learning=Learning(rounds=rounds)) for rounds in (1, 200))
    first, other = (audit(plan(**CITY), each, loop).forecast_shares for each in (few, many))
    assert first != other


def test_an_audit_is_the_same_for_a_seed():
    loop = Loop(rounds=1)
    one, other = (audit(plan(**CITY), recipe(adjusted=True, seed=2), loop) for _ in range(2))
    assert one == other


def test_drift_is_relative_to_the_truth_over_the_last_three_rounds():
    assert Figures(True, 0.2, (0.9, 0.2, 0.22, 0.24)).drift == pytest.approx(0.1)
