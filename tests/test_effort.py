"""Testing beside its own usual: more of it finds more, and is no more harm."""

import numpy as np
import pandas as pd

from features.areas import townships
from features.effort import STRENGTH, looked, share_tested
from features.hotspot import visible_past
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
