"""Of a station with few persons nothing is told alone; small stations are judged together."""

import numpy as np
import pandas as pd
import pytest

from training.evaluate import draws
from training.small_stations import small_stations


def rows_of(*stations):
    """One row a person: so many persons of a station, of whom so many relapsed."""
    relapse = np.concatenate([np.arange(n) < relapsed for _, n, relapsed in stations]).astype(float)
    return pd.DataFrame(
        {
            "person_id": [f"P{number}" for number in range(len(relapse))],
            "station": np.repeat([name for name, _, _ in stations], [n for _, n, _ in stations]),
            "relapse": relapse,
        }
    )


def told(rows, risk=0.3):
    sampling = draws(rows["person_id"].to_numpy(dtype=object), resamples=200, seed=7)
    return small_stations(rows, np.full(len(rows), risk), sampling, least_persons=50, least_relapses=10)


def test_a_station_is_small_by_its_persons_or_by_its_relapses():
    found = told(rows_of(("few", 20, 12), ("quiet", 60, 3), ("large", 100, 30)))
    assert (found.stations, found.small, found.large) == (3, 2, 1)
    assert found.small_rows == pytest.approx(80 / 180)


def test_many_rows_of_few_persons_are_few():
    rows = rows_of(("S1", 80, 40)).assign(person_id=[f"P{number % 10}" for number in range(80)])
    assert told(rows).small == 1


def test_small_stations_are_judged_together():
    found = told(rows_of(("one", 20, 12), ("two", 20, 6), ("large", 100, 30)))
    assert found.small_together.value == pytest.approx((12 + 6) / (0.3 * 40))
    assert found.small_together.low < found.small_together.value < found.small_together.high


def test_a_large_station_differs_when_its_interval_leaves_out_what_the_risks_said():
    found = told(rows_of(("right", 100, 30), ("high", 100, 60), ("low", 100, 10)))
    assert (found.large, found.differ, found.by_chance) == (3, 2, pytest.approx(0.15))


def test_where_no_station_is_named_nothing_is_said():
    assert told(rows_of(("", 100, 30))) is None
