import numpy as np
import pytest

from features.city_level import HALF_LIVES_WEEKS, ages, levels, window_rate
from features.reporting import exposure, known_share
from tests.hotspot_helpers import incidents, past_of, steady

EVERY_DAY = np.arange(1000, 2100)
DATES = np.arange(1700, 2000, 7)


def steady_levels(*, late, recent):
    rows = incidents(EVERY_DAY, ["T00"] * len(EVERY_DAY), late=late)
    past = past_of(rows, DATES)
    return levels(past, ages(past, recent=recent, lag_days=14))


def test_a_city_with_one_incident_a_day_expects_one_a_day():
    assert steady_levels(late=0, recent="corrected") == pytest.approx(28.0, rel=0.02)


@pytest.mark.parametrize("recent", ["corrected", "dropped"])
def test_news_that_always_comes_ten_days_late_lowers_no_level(recent):
    assert steady_levels(late=10, recent=recent) == pytest.approx(28.0, rel=0.03)


def test_news_that_comes_later_or_earlier_is_weighed_by_how_much_is_known():
    late = np.tile([0, 0, 0, 20], len(EVERY_DAY))[: len(EVERY_DAY)]
    assert steady_levels(late=late, recent="corrected") == pytest.approx(28.0, rel=0.06)


def test_the_share_known_is_that_of_older_incidents_by_then():
    rows = incidents(np.arange(1000, 1400), ["T00"] * 400, late=np.tile([0, 5], 200))
    share = known_share(past_of(rows, [1400]).inside, 1400)
    assert share[[0, 4, 5, 91]].tolist() == pytest.approx([0.5, 0.5, 1.0, 1.0], abs=0.01)


def test_after_a_first_load_recent_records_count_as_complete():
    occurred = np.arange(1000, 1400)
    rows = incidents(occurred, ["T00"] * 400, late=1400 - occurred)
    assert (known_share(past_of(rows, [1400]).inside, 1400) == 1).all()


def test_there_is_no_exposure_before_the_first_incident():
    past = past_of(incidents([1000, 1005], ["T00", "T00"]), [1009])
    assert exposure(past.inside, past.as_of, 20)[0].tolist() == [1.0] * 10 + [0.0] * 10


def test_a_rate_over_a_lookback_is_over_the_days_exposed():
    past = past_of(incidents([1000, 1005], ["T00", "T00"]), [1009])
    seen = ages(past, recent="corrected", lag_days=0)
    assert window_rate(seen, weeks=52).tolist() == [2 / 10]
    assert window_rate(seen, weeks=1).tolist() == [1 / 7]


def test_a_city_busy_in_summer_is_expected_to_be_so_again():
    day = np.arange(1000, 1000 + 5 * 365)
    rate = 1.5 + np.cos(2 * np.pi * day / 365.25)
    rows = incidents(np.repeat(day, np.random.default_rng(1).poisson(rate)), ["T00"])
    peak = round(5 * 365.25 + 1) + 365  # day 0 of the cosine, years later
    past = past_of(rows, [peak - 14 - 91, peak - 14])
    told = levels(past, ages(past, recent="corrected", lag_days=0))
    n = len(HALF_LIVES_WEEKS)
    plain, adjusted, by_trend = told[1, n - 1], told[1, 2 * n - 1], told[1, -1]
    assert adjusted > 1.3 * plain
    assert by_trend > 1.3 * plain


def test_growth_from_january_to_december_is_no_season_and_is_followed():
    day = np.arange(1000, 1000 + 6 * 365)
    rate = 10 * np.exp((day - 1000) / 1000)  # times 1.44 a year
    rows = incidents(np.repeat(day, np.round(rate).astype(int)), ["T00"])
    past = past_of(rows, [int(day[-1]) - 60, int(day[-1])])
    told = levels(past, ages(past, recent="corrected", lag_days=0))[1] / (280 * np.exp((day[-1] + 14 - 1000) / 1000))
    n = len(HALF_LIVES_WEEKS)
    assert told[2 * n - 1] == pytest.approx(told[n - 1], rel=0.03)  # adjusted like plain: no season was seen
    assert told[n - 1] < 0.75  # a year's mean lags behind
    assert told[2 * n :] == pytest.approx(1.0, abs=0.05)


def test_a_city_is_never_expected_to_be_quite_still():
    past = past_of(steady([0.01, 0, 0], 100), [5000])
    assert (levels(past, ages(past, recent="corrected", lag_days=14)) > 0).all()
