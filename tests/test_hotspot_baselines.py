import numpy as np
import pytest

from models.hotspot_baselines import Baselines
from models.prior import Recent, evidence_of, windows_before
from tests.hotspot_helpers import past_of, row_of_areas, steady

NAMES = {"count_12m", "count_all", "ewma", "kde", "etas", "eb_kernel"}
RATES = [3.0, 1.0, 0.5, 0.5, 1.0]
DATES = np.arange(1203, 2000, 7)
NOW = int(DATES[-1])
OUTLINED, BARE = row_of_areas(5), row_of_areas(5, outlined=False)
WITH_PARENTS = row_of_areas(5, outlined=False, parents=["D1", "D1", "D2", "D2", "D2"])


def forecasts(rows, areas, *, lag=0):
    seen = evidence_of(past_of(rows, DATES, areas=areas), Recent(lag))
    return Baselines(seen).forecasts(windows_before(seen, NOW), len(DATES) - 1)


@pytest.mark.parametrize("areas", [OUTLINED, BARE, WITH_PARENTS])
def test_every_baseline_expects_a_steady_city_about_as_it_was(areas):
    told = forecasts(steady(RATES, 1000), areas)
    assert {*told} == NAMES
    for name, forecast in told.items():
        assert forecast.ahead.sum() == pytest.approx(sum(RATES) * 28, rel=0.25), name
        assert np.argmax(forecast.ahead) == 0, name
        assert (forecast.ahead > 0).all(), name
        assert forecast.behind.sum(axis=1) == pytest.approx(sum(RATES) * 28, rel=0.4), name


@pytest.mark.parametrize("areas", [OUTLINED, BARE])
def test_what_is_not_known_yet_changes_no_baseline(areas):
    rows = steady(RATES, 1000)
    edited = rows.assign(area_id=rows["area_id"].mask(rows["known_on"] > NOW, "T04"))
    first, second = (forecasts(told, areas) for told in (rows, edited))
    assert all((first[name].ahead == second[name].ahead).all() for name in NAMES)


def test_news_that_always_comes_two_weeks_late_lowers_no_baseline():
    rows = steady(RATES, 1000)
    late = forecasts(rows.assign(known_on=rows["occurred_on"] + 14), OUTLINED, lag=14)
    for name, forecast in late.items():
        assert forecast.ahead.sum() == pytest.approx(sum(RATES) * 28, rel=0.25), name
