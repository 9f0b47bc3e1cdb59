"""Testing beside its own usual: more of it finds more, and is no more harm."""

import numpy as np
import pandas as pd

from features.areas import townships
from features.effort import (
    HEAVIEST,
    STRENGTH,
    at_equal_effort,
    came_of_testing,
    looked,
    share_tested,
    times_as_heavy,
)
from features.hotspot import CATALOGUE, Run, VisiblePast, reports_of, visible_past
from tests.hotspot_helpers import incidents, row_of_areas

MONDAY = 1000 - 1000 % 7 + 4  # day 4 was a Monday
WEEKS = 60


def past(tests_of_last_weeks):
    """Ten tests a week in T00 for a year, and so many in each of the last four; nothing reported of T01."""
    tests = [10] * (WEEKS - 4) + [tests_of_last_weeks] * 4
    monday = MONDAY + 7 * np.arange(WEEKS)
    effort = pd.DataFrame({"area_id": "T00", "week": monday, "known_on": monday + 7, "tests": tests, "contacts": 0})
    areas = townships(row_of_areas(2))
    return visible_past(incidents([MONDAY], ["T00"]), effort, areas, as_of=monday[-1:] + 7, horizon_weeks=4)


def test_testing_as_usual_changes_nothing_and_no_reports_change_nothing():
    assert looked(past(10), weeks=4).tolist() == [[1.0, 1.0]]


def test_twice_the_tests_are_nearly_twice_the_looking():
    usual_a_week = (48 * 10 + 4 * 20) / 52
    assert looked(past(20), weeks=4)[0, 0] == (80 + STRENGTH) / (4 * usual_a_week + STRENGTH)


def test_first_positives_come_of_testing_and_overdoses_do_not():
    rows = incidents([1000, 1001, 1002, 1003], ["T00"] * 4).assign(
        kind=["first_positive", "overdose", "overdose", "overdose"]
    )
    assert share_tested(rows, np.array([1001, 1003])).tolist() == [1 / 2, 1 / 4]
    assert share_tested(rows, np.array([900])).tolist() == [0.0]


def steered(tests_by_week, found_by_week, *, report_days=0, as_of=None):
    """Tests a week of one area and incidents found on each Wednesday; day 0 is a Monday."""
    weeks = np.arange(len(tests_by_week))
    sunday = 7 * weeks + 6
    incident = np.repeat(7 * weeks + 2, found_by_week)
    areas = townships(row_of_areas(1))
    zeros = np.zeros(len(incident), np.int64)
    found = Run(zeros, incident, incident, np.ones(len(incident)))
    tests = Run(np.zeros(len(weeks), np.int64), sunday, sunday + report_days, np.asarray(tests_by_week, float))
    return VisiblePast(areas, sunday[-1:] if as_of is None else np.array(as_of), 4, found, tests)


def equal(past, usual_weeks=2):
    return at_equal_effort(past, np.ones(len(past.incidents.area), bool), usual_weeks=usual_weeks)


def by_week(past, weeks):
    """Weight of the incidents of each week, the last week last."""
    upto = [past.count(past.inside, weeks=each, size=1)[-1, 0] for each in range(weeks + 1)]
    return np.diff(upto)[::-1].tolist()


def test_at_equal_effort_what_more_testing_finds_counts_for_no_more():
    past = equal(steered([10, 10, 20, 40], [1, 1, 2, 4]))
    assert by_week(past, 4) == [1, 1, 1, 1]
    assert past.count(past.inside, weeks=1, size=1).tolist() == [[1.0]]


def test_what_is_usual_is_not_moved_by_testing_that_was_steered_later():
    past = equal(steered([10, 10] + [40] * 80, [1, 1] + [4] * 80))
    assert by_week(past, 82) == [1.0] * 82


def test_an_incident_counts_for_one_until_its_week_and_what_is_usual_were_reported():
    past = equal(steered([10, 10, 20], [0, 0, 2], report_days=9, as_of=[16, 20, 28, 29]))
    assert past.count(past.inside, weeks=None, size=1).ravel().tolist() == [2, 2, 2, 1]  # reported on day 20 + 9


def test_overdoses_count_for_one_however_much_is_tested():
    raw = steered([10, 10, 20], [0, 0, 2])
    past = at_equal_effort(raw, np.array([True, False]), usual_weeks=2)
    assert by_week(past, 3) == [0, 0, 1 + 1 / 2]
    rows = incidents([1000, 1001, 1002], ["T00"] * 3).assign(kind=["first_positive", "overdose", "treatment_entry"])
    assert came_of_testing(rows).tolist() == [True, False, True]


def test_one_found_where_hardly_anyone_looked_counts_for_ten_at_most():
    past = equal(steered([100, 100, 2], [0, 0, 1]))
    assert by_week(past, 3) == [0, 0, HEAVIEST]


def test_without_reports_of_testing_every_incident_counts_for_one():
    past = steered([10, 10], [2, 1])
    unreported = VisiblePast(past.areas, past.as_of, 4, past.incidents, None)
    assert equal(unreported).incidents.weight.tolist() == [1, 1, 1]
    assert equal(past, usual_weeks=3).incidents.weight.tolist() == [1, 1, 1]  # no usual known


def test_weights_leave_nothing_behind_when_a_lookback_has_passed():
    past = equal(steered([7, 11, 3, 13, 5], [2, 3, 1, 4, 2], as_of=[34, 41, 76]))
    assert past.count(past.inside, weeks=1, size=1).ravel()[1:].tolist() == [0.0, 0.0]


def test_a_report_that_is_corrected_replaces_the_first_from_the_day_it_is_known():
    effort = pd.DataFrame(
        {"area_id": "T00", "week": MONDAY, "known_on": [MONDAY + 7, MONDAY + 20], "tests": [10, 14], "contacts": 0}
    )
    seen = visible_past(
        incidents([MONDAY], ["T00"]), effort, townships(row_of_areas(1)),
        as_of=np.array([MONDAY + 7, MONDAY + 20]), horizon_weeks=4,
    )  # fmt: skip
    assert CATALOGUE["tests"](seen, 4).ravel().tolist() == [10, 14]
    assert reports_of(seen.effort).weight.tolist() == [1.0]


def test_where_half_as_much_is_tested_as_usual_one_counts_for_two():
    year = [10] * 52 + [5] * 52
    assert times_as_heavy(steered(year, [0] * 103 + [1]), weeks=52).tolist() == [[2.0]]
    assert times_as_heavy(steered([10] * 52 + [20] * 52, [0] * 103 + [1]), weeks=52).tolist() == [[1.0]]
    assert times_as_heavy(steered([10] * 20, [0] * 19 + [1]), weeks=52).tolist() == [[1.0]]
