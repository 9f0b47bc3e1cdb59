"""The statutory table and the test schedules."""

import numpy as np
import pytest

from features import statutes
from features.statutes import CLOCKS, SCHEDULES, due_every_days


@pytest.mark.parametrize(
    ("clock", "limit", "unit"),
    [
        ("report_after_order", 15, "days"),
        ("report_after_release", 15, "days"),
        ("community_treatment", 3 * 365, "days"),
        ("community_rehabilitation", 3 * 365, "days"),
        ("isolation", 2 * 365, "days"),
        ("isolation_review", 365, "days"),
        ("strikes", 3, "tests evaded or refused"),
        ("absence_occasions", 3, "occasions"),
        ("absence_total", 30, "days"),
        ("leave_report", 3, "days"),
        ("transfer", 15, "days"),
        ("abstinence", 3 * 365, "days"),
        ("adult", 18, "years"),
    ],
)
def test_every_clock_has_the_limit_of_its_article(clock, limit, unit):
    assert (CLOCKS[clock].limit, CLOCKS[clock].unit) == (limit, unit)
    assert " art. " in CLOCKS[clock].article


def test_no_clock_goes_untested():
    assert len(CLOCKS) == 13


@pytest.mark.parametrize(("schedule", "tests"), [("A", 12 + 6 + 4), ("B", 12 + 6 + 6 + 4)])
def test_three_years_of_a_schedule_hold_as_many_tests_as_the_place_does(schedule, tests):
    assert statutes.urine_tests_due(schedule, np.array([3 * 365.0]))[0] == pytest.approx(tests, abs=0.5)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_tests_due_are_those_of_every_day_added_up(schedule):
    one_by_one = np.cumsum([0.0, *(1 / due_every_days(schedule, day) for day in range(1500))])
    at_once = statutes.urine_tests_due(schedule, np.arange(1501.0))
    np.testing.assert_allclose(at_once, one_by_one, atol=1e-9)


def test_outside_a_programme_it_is_not_known_what_is_due():
    assert np.isnan(statutes.urine_tests_due("A", np.array([np.nan]))).all()
