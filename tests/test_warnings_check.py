"""The check of the warnings' promise: quiet histories are drawn from forecasts, and extra harm is found."""

import numpy as np
import pytest

from features.hotspot import Places
from tests.hotspot_helpers import row_of_areas, steady
from training.hotspot_config import HotspotConfig
from training.warnings_check import check

CONFIG = HotspotConfig(level="township", reporting_lag_days=0)


@pytest.fixture(scope="module")
def promise():
    rates = np.array([0.05, 0.1, 0.2, 0.05, 0.02, 0.1])
    places = Places(steady(rates, 7 * 300), row_of_areas(6, parents=["D0"] * 3 + ["D1"] * 3))
    return check(places, CONFIG, histories=4, seed=1)


def test_false_alarms_on_quiet_histories_are_near_the_nominal(promise):
    assert promise.scans > 200
    assert 0.01 < promise.false_alarms < 0.1  # few scans, and each shares weeks with the next: bench-warnings has more


def test_six_extra_incidents_are_found_four_times_in_five(promise):
    assert promise.power_any_area >= 0.8
