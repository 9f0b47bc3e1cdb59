"""Ways to calibrate: each finds what it is made for, and is judged on persons it was not fitted on."""

import numpy as np
import pandas as pd
import pytest

from models.calibration import fit_platt, sigmoid
from training.calibrations import WAYS, compared, fit_curve
from training.evaluate import log_loss

ONES = np.ones(4000)


def bent(seed=6):
    """Outcomes whose log-odds are a bent line in the raw ones."""
    random = np.random.default_rng(seed)
    raw = random.normal(size=len(ONES)) * 1.5
    true = sigmoid(np.where(raw > 0, 0.4 * raw, 2.0 * raw))
    return raw, (random.random(len(ONES)) < true).astype(float), true


def fitted(way, raw, y):
    """The risks that a way to calibrate gives to raw log-odds."""
    learned = fit_curve(way, raw, y, ONES) or fit_platt(raw, y, ONES)
    return lambda new: sigmoid(learned.log_odds(new))


def test_there_are_three_curves_beside_the_line():
    assert set(WAYS) == {"beta", "isotonic", "venn_abers"}
    assert fit_curve("platt", *bent()[:2], ONES) is None


@pytest.mark.parametrize("way", list(WAYS))
def test_what_bends_is_followed_better_than_by_a_line(way):
    raw, y, true = bent()
    error = {name: np.mean((fitted(name, raw, y)(raw) - true) ** 2) for name in ("platt", way)}
    assert error[way] < error["platt"]


@pytest.mark.parametrize("way", ["platt", *WAYS])
def test_every_way_rises_and_stays_within_0_and_1(way):
    raw, y, _ = bent()
    line = fitted(way, raw, y)(np.linspace(-5, 5, 50))
    assert (np.diff(line) >= -1e-12).all()
    assert ((line > 0) & (line < 1)).all()


@pytest.mark.parametrize("way", list(WAYS))
def test_a_curve_never_turns_a_model_over(way):
    raw, y, _ = bent()
    upside_down = fitted(way, -raw, y)(np.linspace(-5, 5, 50))
    assert (np.diff(upside_down) >= -1e-12).all()


def test_isotonic_is_the_best_of_all_rising_steps_on_its_own_rows():
    raw, y = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0]), np.array([0.0, 1.0, 0.0, 0.0, 1.0, 1.0])
    third = 1 / 3  # of the three in the middle
    assert sigmoid(WAYS["isotonic"](raw, y, np.ones(6)).log_odds(raw)) == pytest.approx(
        [0.001, third, third, third, 0.999, 0.999]
    )


def test_the_comparison_is_on_persons_not_fitted_on():
    raw, y, _ = bent()
    losses = compared(raw, y, ONES, pd.Series([f"p{number}" for number in range(len(ONES))]))
    assert set(losses) == {"none", "platt", *WAYS}
    assert losses["platt"] > log_loss(y, fitted("platt", raw, y)(raw), ONES)  # in sample it looks better
    assert losses["beta"] < losses["platt"] < losses["none"]
