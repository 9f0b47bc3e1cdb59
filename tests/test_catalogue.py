"""However many threads share the features of many rows, the values are the same."""

import numpy as np
import pandas as pd
import pytest

from features import catalogue
from features.catalogue import CATALOGUE, Feature, compute, feature, make
from features.history import History
from features.relapse import FeatureChoice, chosen
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


def test_help_can_change_what_a_lookback_counts_and_not_what_all_history_holds():
    for code in ("positive_tests", "positive_share"):
        assert make(code, substance="", days=90).changeable
        assert not make(code, substance="", days=None).changeable
    told = [each for each in (*chosen(FeatureChoice()), *every_feature()) if each.changeable]
    assert told
    assert [each.name for each in told if ("days", None) in each.arguments] == []


def test_help_cannot_change_what_the_programme_has_counted_so_far():
    for code in ("surprises_in_programme", "strikes", "absences", "absent_days", "serious_breach"):
        assert not make(code).changeable, code
    assert not make("reported_use_share", substance="").changeable


def test_help_can_change_the_period_that_runs_and_not_one_that_has_passed():
    assert make("good_period", substance="", length_days=28, back=0).changeable
    assert not make("good_period", substance="", length_days=28, back=1).changeable


def test_help_that_was_given_and_time_that_passed_are_nothing_that_help_can_change():
    given = ("sessions_kept", "trainings", "placements", "assistances", "kept", "jobs_begun", "negative_tests")
    passed = ("days_since_test", "days_since_hair_test", "days_since_surprise", "days_in_job_state", "negative_run")
    assert [code for code in (*given, *passed) if CATALOGUE[code].changeable] == []
    levers = ("missed_tests", "positive_tests", "sessions_kept_share", "missed", "days_since_met", "employed")
    assert [code for code in levers if not CATALOGUE[code].changeable] == []
