"""Forecasts that steer testing feed on themselves, unless account is taken of how much was tested."""

import pytest

from training.city import plan
from training.feedback import ALLOWED, Figures, Loop, audit

CITY = {"preset": "guiyang", "persons": 1000, "years": 3, "seed": 7}


@pytest.fixture(scope="module")
def with_and_without():
    return tuple(audit(plan(**CITY), adjusted=adjusted, seed=1) for adjusted in (True, False))


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
    assert audit(plan(**CITY), adjusted=False, loop=loop, seed=1).holds


def test_an_audit_is_the_same_for_a_seed():
    loop = Loop(rounds=1)
    one, other = (audit(plan(**CITY), adjusted=True, loop=loop, seed=2) for _ in range(2))
    assert one == other


def test_drift_is_relative_to_the_truth_over_the_last_three_rounds():
    assert Figures(True, 0.2, (0.9, 0.2, 0.22, 0.24)).drift == pytest.approx(0.1)
