"""The record of single forecasts: what it tells is true, and no count under ten can be had from it."""

import calendar
from datetime import date, timedelta

import numpy as np
import pytest

from features.areas import townships
from features.hotspot import Places
from features.schema import EPOCH
from models.track_record import track_record
from tests.hotspot_helpers import incidents, row_of_areas
from training.hotspot_metrics import Told, top_areas
from training.hotspot_record import FORECASTS, Judged, Seen, record_of

N_AREAS, N_DAYS, FIRST = 40, 480, 19_000
DISTRICTS = ["D1"] * 30 + ["D2"] * 10


def judged(a_day, *, seed=1, origins=14, weeks=4):
    """Forecasts of a city of so many incidents a day, more of them in the first areas, by three models."""
    rng = np.random.default_rng(seed)
    areas = townships(row_of_areas(N_AREAS, parents=DISTRICTS))
    days = np.repeat(FIRST + np.arange(N_DAYS), rng.poisson(a_day, N_DAYS))
    area = np.minimum(rng.exponential(8, len(days)).astype(int), N_AREAS - 1)
    seen = Seen(areas, days, np.where(rng.random(len(days)) < 0.02, -1, area))
    dates = FIRST + N_DAYS - 15 - 7 * weeks * np.arange(origins, 0, -1)
    told = {name: Told(rng.gamma(2, 1, (origins, N_AREAS)), np.full((origins, 3), 0.1)) for name in ("ours", "a", "b")}
    told["ours"] = Told(np.exp(-np.arange(N_AREAS) / 8) * np.ones((origins, 1)), told["ours"].dispersions)
    return Judged(dates, told, seen, weeks)


def record(of):
    """The record as a page reads it back from a card."""
    horizons = {str(of.horizon_weeks): {"record": record_of(of, "ours")}}
    return track_record({"figures": {"horizons": horizons}}, of.horizon_weeks)


def day_of(text):
    return (date.fromisoformat(text) - EPOCH).days


def came_between(of, first, last, *, districts=None):
    """Incidents from one day to another, counted one by one."""
    at = zip(of.seen.occurred_on.tolist(), of.seen.area.tolist(), strict=True)
    return sum(
        first <= day <= last and (districts is None or (area >= 0 and DISTRICTS[area] == districts)) for day, area in at
    )


def caught_by(of, name, first, last):
    """Incidents in the highest areas of the forecasts of some days, counted one by one."""
    total, days = 0, 7 * of.horizon_weeks
    for row, origin in enumerate(of.origins.tolist()):
        if first <= origin + 1 and origin + days <= last:
            highest = set(top_areas(of.told[name].expected[row], 0.05).tolist())
            inside = [area for day, area in zip(of.seen.occurred_on, of.seen.area, strict=True)
                      if origin < day <= origin + days]  # fmt: skip
            total += sum(area in highest for area in inside)
    return total


@pytest.mark.parametrize(("a_day", "together"), [(20.0, 1), (8.0, 1), (1.3, 3)])
def test_the_bands_hold_what_was_caught_and_tell_the_last_thirteen(a_day, together):
    of = judged(a_day)
    told = record(of)
    assert sum(each.n_forecasts for each in told.caught) == FORECASTS
    assert {each.n_forecasts for each in told.caught[1:]} == {together}
    for each in told.caught:
        first, last = day_of(each.first), day_of(each.last)
        came = came_between(of, first, last)
        for band in each.models:
            share = caught_by(of, band.model, first, last) / came
            assert band.at_least <= share < band.below or share == band.below == 1
    assert any(each.models for each in told.caught)


@pytest.mark.parametrize("a_day", [0.4, 0.8, 1.3, 2.5, 5.0, 20.0])
@pytest.mark.parametrize("weeks", [1, 4])
@pytest.mark.parametrize("seed", range(4))
def test_who_knows_what_came_still_knows_what_was_caught_to_ten_counts_only(a_day, weeks, seed):
    of = judged(a_day, weeks=weeks, seed=seed)
    for each in record(of).caught:
        came = came_between(of, day_of(each.first), day_of(each.last))
        for band in each.models:
            fitting = [n for n in range(came + 1) if band.at_least <= n / came and (n / came < band.below or n == came)]
            assert len(fitting) >= 10


@pytest.mark.parametrize("a_day", [0.8, 2.5, 20.0])
@pytest.mark.parametrize("seed", range(4))
def test_neither_what_came_nor_the_rest_of_its_months_is_known_to_less_than_ten_counts(a_day, seed):
    of = judged(a_day, seed=seed)
    for totals in record(of).totals:
        district = None if totals.area_id == "city" else totals.area_id
        for each in totals.forecasts:
            first, last = (date.fromisoformat(day) for day in (each.first, each.last))
            month_end = last.replace(day=calendar.monthrange(last.year, last.month)[1])
            month_days = (first.replace(day=1) - EPOCH).days, (month_end - EPOCH).days
            came = came_between(of, day_of(each.first), day_of(each.last), districts=district)
            months = came_between(of, *month_days, districts=district)
            if each.observed is None:
                assert came < 10 or months - came < 10
                continue
            fitting = [n for n in range(months + 1) if n // 10 * 10 == each.observed]
            assert came in fitting
            assert len(fitting) == 10
            assert min(months - n for n in fitting) > 0


def test_what_was_expected_is_told_in_whole_steps_with_the_interval_of_the_step():
    of = judged(8.0)
    told = record(of).totals[0]
    exact = of.told["ours"].expected.sum(axis=1)[-FORECASTS:]
    assert [each.expected for each in told.forecasts] == np.floor(exact).tolist()
    assert all(each.low <= each.expected <= each.high for each in told.forecasts)
    first = told.forecasts[-1]
    assert date.fromisoformat(first.last) - date.fromisoformat(first.first) == timedelta(days=27)


def test_districts_are_told_beside_the_city_and_a_quiet_city_tells_nothing_of_what_came():
    assert [each.area_id for each in record(judged(20.0)).totals] == ["city", "D1", "D2"]
    quiet = record(judged(0.05))
    assert quiet.caught == ()
    assert {each.observed for totals in quiet.totals for each in totals.forecasts} == {None}


def test_incidents_are_counted_where_they_lie_and_those_of_no_area_in_the_city_alone():
    areas = townships(row_of_areas(3))
    rows = incidents([FIRST, FIRST, FIRST + 1, FIRST + 2], ["T00", "T02", "T09", "T02"])
    seen = Seen.of(Places(rows, None), areas)
    assert seen.between(FIRST, FIRST + 1).tolist() == [1, 0, 1, 1]


def test_a_card_without_a_record_or_with_a_strange_one_has_none():
    assert track_record({}, 4) is None
    assert track_record({"figures": {"horizons": {"4": {"record": {"shape": "other"}}}}}, 4) is None
