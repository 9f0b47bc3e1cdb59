"""What a list at a station's capacity finds, on small tables whose answer is arithmetic."""

import numpy as np
import pandas as pd
import pytest

from training import capacity
from training.evaluate import draws

ROWS = pd.DataFrame(
    {
        "person_id": ["a", "b", "c", "d", "a", "b", "c", "d"],
        "as_of": [0, 0, 0, 0, 14, 14, 14, 14],
        "station": ["north", "north", "north", "south"] * 2,
        "relapse": [1.0, 0.0, np.nan, 1.0, 0.0, 1.0, 1.0, 0.0],
        "seen_days": [10, 90, 90, 30, 90, 20, 60, 90],
    }
)
RISK = np.array([0.9, 0.2, 0.8, 0.4, 0.5, 0.6, 0.7, 0.1])
WORKERS = {"north": 1, "south": 0}
SAMPLING = draws(ROWS["person_id"].to_numpy(dtype=object), resamples=30, seed=1)


def lists(persons_a_worker=2):
    return capacity.listed(ROWS, RISK, WORKERS, persons_a_worker=persons_a_worker)


def test_a_list_holds_the_highest_risks_of_each_station_and_date_up_to_its_workers():
    assert lists().tolist() == [True, False, True, False, False, True, True, False]  # d's station has no worker
    assert lists(9).sum() == 6


def test_precision_and_recall_are_of_observed_rows_and_the_unobserved_take_their_place():
    found = capacity.at_capacity(ROWS, lists(), SAMPLING)
    assert found["precision"].value == 3 / 3  # c at day 0 was listed and not observed
    assert found["recall"].value == 3 / 4  # of a, d at day 0 and b, c at day 14
    assert found["listed"].value == 4 / 8


def test_the_lead_is_the_days_until_the_relapse_of_those_listed():
    found = capacity.at_capacity(ROWS, lists(), SAMPLING)
    assert found["lead_days_50"].value == np.median([10, 20, 60])
    assert found["lead_days_50"].low <= found["lead_days_50"].value <= found["lead_days_50"].high


def test_stability_is_the_share_of_a_list_still_on_the_next():
    told = capacity.stability(ROWS, lists(), SAMPLING)
    assert list(told) == [14]
    assert told[14].value == 1 / 2  # of a and c only c


def test_nobody_whose_risk_is_higher_is_left_off_the_list_of_the_same_station():
    random = np.random.default_rng(3)
    rows = pd.DataFrame({"as_of": random.integers(0, 3, 300), "station": random.choice(["x", "y"], 300)})
    risk = random.random(300)
    on_list = capacity.listed(rows, risk, {"x": 2, "y": 1}, persons_a_worker=5)
    for (_, station), group in rows.assign(risk=risk, listed=on_list).groupby(["as_of", "station"]):
        assert group["listed"].sum() == {"x": 10, "y": 5}[station]
        assert group["risk"][group["listed"]].min() > group["risk"][~group["listed"]].max()


def test_net_benefit_is_arithmetic():
    y, risk = np.array([1.0, 0.0, 1.0, 0.0]), np.array([0.9, 0.6, 0.3, 0.1])
    sampling = draws(np.array(list("abcd"), dtype=object), resamples=10, seed=1)
    (told,) = capacity.decision_curve(y, {"model": risk}, [0.5], sampling)
    assert told["model"].value == pytest.approx(1 / 4 - 1 / 4 * (0.5 / 0.5))
    assert told["everyone"].value == pytest.approx(2 / 4 - 2 / 4 * (0.5 / 0.5))


def test_reliability_tells_the_relapses_of_each_tenth():
    random = np.random.default_rng(3)
    risk = random.random(1000)
    y = (random.random(1000) < risk).astype(float)
    sampling = draws(np.arange(1000).astype(str).astype(object), resamples=200, seed=1)
    tenths = capacity.reliability(y, risk, sampling)
    assert sum(tenth["rows"] for tenth in tenths) == 1000
    assert sum(tenth["relapse"].low <= tenth["risk"] <= tenth["relapse"].high for tenth in tenths) >= 7
