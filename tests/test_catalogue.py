"""However many threads share the features of many rows, the values are the same."""

import numpy as np
import pandas as pd
import pytest

from features import catalogue
from features.catalogue import CATALOGUE, Feature, compute, feature
from features.history import History
from tests.benchmarks.features import invented, prediction_times
from tests.every_feature import every_feature


def test_threads_change_no_value(monkeypatch):
    events, times, features = invented(30, 3000), prediction_times(30, 5), every_feature()
    history = History.of(events, pd.DataFrame({"person_id": events["person_id"].unique(), "birth_year": 1980}))
    alone = compute(history, times, features)
    monkeypatch.setattr(catalogue, "MANY", 0)
    for threads in (1, 2, 7):
        monkeypatch.setattr(catalogue, "THREADS", threads)
        pd.testing.assert_frame_equal(compute(history, times, features), alone, check_exact=True)


def test_what_fails_in_a_thread_is_told(monkeypatch):
    @feature(family="planted", unit="")
    def broken(past):
        raise ZeroDivisionError

    try:
        monkeypatch.setattr(catalogue, "MANY", 0)
        history = History.of(invented(3, 30), pd.DataFrame({"person_id": ["P000000"]}))
        with pytest.raises(ZeroDivisionError):
            compute(
                history, pd.DataFrame({"person_id": ["P000000"], "as_of": np.int32(1)}, index=[0]), [Feature("broken")]
            )
    finally:
        del CATALOGUE["broken"]
