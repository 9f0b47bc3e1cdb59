"""A forecast of districts tells nothing more of their townships than the forecast of townships does."""

from types import SimpleNamespace

import numpy as np
import pytest

from serving.disclosure import width_of_band
from serving.districts import bands_of

MODEL = SimpleNamespace(scope=SimpleNamespace(horizon_weeks=4), dispersions=SimpleNamespace(parent=0.1))
WIDTH = width_of_band(4)


def test_a_district_is_the_band_of_the_sum():
    bands = bands_of(np.array(["D1", "D2"]), np.array([2.4 + 0.3, 0.9]), MODEL)
    assert (bands["D1"].at_least, bands["D1"].below) == (2.0, 3.0)
    assert (bands["D2"].at_least, bands["D2"].below) == (0.0, 1.0)
    assert bands["D1"].low <= 2 < bands["D1"].high
    assert bands["D1"].among_highest < bands["D2"].among_highest


@pytest.mark.parametrize("seed", range(200))
def test_no_township_is_known_better_by_subtracting_the_others_from_the_district(seed):
    draw = np.random.default_rng(seed)
    expected = draw.gamma(0.7, 4.0, draw.integers(2, 9)).tolist()
    at_least = np.floor(np.array(expected) / WIDTH) * WIDTH
    district = bands_of(np.array(["D"]), np.array([sum(expected)]), MODEL)["D"]
    for place, own in enumerate(at_least):
        others = np.delete(at_least, place)
        lowest = district.at_least - (others + WIDTH).sum()
        highest = district.below - others.sum()
        assert lowest <= own + 1e-9
        assert highest >= own + WIDTH - 1e-9
