"""The case a gate looks at: the day whose future is poisoned is one the model was made for."""

from pathlib import Path

import training
from tests.tables import day, history
from training.case import day_with_a_future
from training.config import read

TRIAL = """kind            | occurred_on | outcome
           programme_start | 2020-01-01  |
           urine_test      | 2021-06-01  | negative"""


def test_with_a_calendar_the_future_of_the_last_horizon_is_poisoned():
    last_day = day("2021-06-01")
    assert day_with_a_future(history(TRIAL), read(None), last_day=last_day) == last_day - 90


def test_in_a_trial_the_future_of_the_middle_of_its_dates_is_poisoned():
    config = read(Path(training.__file__).parent / "ctn0094.toml")
    weeks = range(14, 141, 7)
    middle = day("2020-01-01") + weeks[len(weeks) // 2]
    assert day_with_a_future(history(TRIAL), config, last_day=day("2021-06-01")) == middle
