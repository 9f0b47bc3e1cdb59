"""Observed counts of a settled year: the same whenever they are asked for, and none under ten."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from features.errors import TooLittleHistoryError
from features.schema import days_since_epoch
from serving.observed import observed_year
from tests.hotspot_helpers import incidents, row_of_areas

AREAS = row_of_areas(4, parents=["D0", "D0", "D1", "D1"])
TODAY = date(2024, 6, 1)
FIRST = days_since_epoch(date(2023, 1, 1))
MONTHS = [(month, month + 1) for month in range(12)]


def yearly(n_by_area):
    """So many incidents of each area, spread evenly over 2023."""
    each = [incidents(FIRST + np.arange(n) * 365 // n, f"T{k:02}") for k, n in enumerate(n_by_area) if n]
    return pd.concat(each, ignore_index=True)


def values(table, level, spans):
    return [each.value for each in table.observed(level, spans)]


def test_districts_are_told_by_month_where_all_are_busy_and_townships_by_year():
    table = observed_year(yearly([200, 160, 150, 150]), AREAS, year=2023, today=TODAY)
    assert values(table, "township", [(0, 12)]) == [200, 160, 150, 150]
    by_month = values(table, "district", MONTHS)
    assert min(by_month) >= 10
    assert sum(by_month) == 660
    assert values(table, "township", MONTHS) == [None] * 48


def test_a_thin_city_is_told_by_year_alone():
    table = observed_year(yearly([12, 3, 14, 20]), AREAS, year=2023, today=TODAY)
    assert values(table, "township", [(0, 12)]) == [None, None, 14, 20]
    assert values(table, "district", [(0, 12)]) == [15, 34]


def test_late_news_after_the_year_is_settled_changes_nothing():
    rows = yearly([200, 160, 150, 150])
    late = rows.head(5).assign(known_on=days_since_epoch(date(2024, 5, 1)))
    told = observed_year(pd.concat([rows, late], ignore_index=True), AREAS, year=2023, today=TODAY)
    assert values(told, "township", [(0, 12)]) == [200, 160, 150, 150]


def test_a_year_that_is_not_settled_is_refused():
    with pytest.raises(TooLittleHistoryError, match="settled"):
        observed_year(yearly([20]), AREAS, year=2023, today=date(2024, 3, 31))
