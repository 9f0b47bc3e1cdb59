"""Testing beside its own usual: more of it finds more, and is no more harm."""

import numpy as np
import pandas as pd

from features.areas import townships
from features.effort import HEAVIEST, STRENGTH, at_equal_effort, looked, share_tested
from features.hotspot import Run, VisiblePast, visible_past
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


def test_only_first_positives_come_of_testing():
    rows = incidents([1000, 1001, 1002, 1003], ["T00"] * 4).assign(
        kind=["first_positive", "overdose", "overdose", "overdose"]
    )
    assert share_tested(rows, np.array([1001, 1003])).tolist() == [1 / 2, 1 / 4]
    assert share_tested(rows, np.array([900])).tolist() == [0.0]


def steered(tests_by_week, found_by_week):
    """Tests a week of one area and incidents found on each Wednesday; day 0 is a Monday."""
    weeks = np.arange(len(tests_by_week))
    sunday = 7 * weeks + 6
    incident = np.repeat(7 * weeks + 2, found_by_week)
    areas = townships(row_of_areas(1))
    zeros = np.zeros(len(incident), np.int64)
    found = Run(zeros, incident, incident, np.ones(len(incident)))
    tests = Run(np.zeros(len(weeks), np.int64), sunday, sunday, np.asarray(tests_by_week, float))
    return VisiblePast(areas, sunday[-1:], 4, found, tests)


def test_at_equal_effort_what_more_testing_finds_counts_for_no_more():
    past = at_equal_effort(steered([10, 10, 20, 40], [1, 1, 2, 4]), usual_until=13)
    assert past.incidents.weight.tolist() == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25]
    assert past.count(past.inside, weeks=1, size=1).tolist() == [[1.0]]


def test_one_found_where_hardly_anyone_looked_counts_for_ten_at_most():
    past = at_equal_effort(steered([100, 100, 2], [0, 0, 1]), usual_until=13)
    assert past.incidents.weight.tolist() == [HEAVIEST]


def test_without_reports_of_testing_every_incident_counts_for_one():
    past = steered([10, 10], [2, 1])
    unreported = VisiblePast(past.areas, past.as_of, 4, past.incidents, None)
    assert at_equal_effort(unreported, usual_until=13).incidents.weight.tolist() == [1, 1, 1]
    assert at_equal_effort(past, usual_until=-1).incidents.weight.tolist() == [1, 1, 1]  # no usual known
