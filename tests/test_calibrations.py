"""Ways to calibrate: each finds what it is made for, and is judged on persons it was not fitted on."""

import numpy as np
import pandas as pd
import pytest

from models.calibration import sigmoid
from training.calibrations import WAYS, compared
from training.evaluate import log_loss

ONES = np.ones(4000)


def bent(seed=6):
    """Outcomes whose log-odds are a bent line in the raw ones."""
    random = np.random.default_rng(seed)
    raw = random.normal(size=len(ONES)) * 1.5
    true = sigmoid(np.where(raw > 0, 0.4 * raw, 2.0 * raw))
    return raw, (random.random(len(ONES)) < true).astype(float), true


@pytest.mark.parametrize("way", ["beta", "isotonic", "venn_abers"])
def test_what_bends_is_followed_better_than_by_a_line(way):
    raw, y, true = bent()
    error = {name: np.mean((WAYS[name](raw, y, ONES)(raw) - true) ** 2) for name in ("platt", way)}
    assert error[way] < error["platt"]


@pytest.mark.parametrize("way", list(WAYS))
def test_every_way_rises_and_stays_within_0_and_1(way):
    raw, y, _ = bent()
    line = WAYS[way](raw, y, ONES)(np.linspace(-5, 5, 50))
    assert (np.diff(line) >= -1e-12).all()
    assert ((line > 0) & (line < 1)).all()


def test_the_comparison_is_on_persons_not_fitted_on():
    raw, y, _ = bent()
    losses = compared(raw, y, ONES, pd.Series([f"p{number}" for number in range(len(ONES))]))
    assert set(losses) == {"none", *WAYS}
    assert losses["platt"] > log_loss(y, WAYS["platt"](raw, y, ONES)(raw), ONES)  # in sample it looks better
    assert losses["beta"] < losses["platt"] < losses["none"]
