"""Nothing a model is judged on may have been there to learn from."""

from hashlib import sha256

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from training.config import AsOfDates, RelapseConfig, Split
from training.labels import Label
from training.splits import fold_of, folds_of

BY_PERSON = RelapseConfig("x", as_of=AsOfDates(clock="programme", judged_days=(28,)), split=Split(by="person"))
BY_TIME = RelapseConfig(
    "x", label=Label(horizon_days=90, reporting_lag_days=21), split=Split(by="time", origins=3, every_days=60)
)


@given(st.text(min_size=1))
def test_the_fold_is_the_digest_of_the_id_modulo_the_folds(person_id):
    assert fold_of(person_id, 5) == int.from_bytes(sha256(person_id.encode()).digest()) % 5


def test_each_judged_row_is_judged_once_and_its_person_never_learned_from():
    times = pd.DataFrame(
        {
            "person_id": [f"p{n % 40}" for n in range(200)],
            "as_of": 0,
            "judged": [n % 4 > 0 for n in range(200)],
            "trained": [n % 4 < 3 for n in range(200)],
        }
    )
    judged = np.zeros(200)
    for fold in folds_of(times, BY_PERSON):
        judged += fold.judge
        assert times["trained"][fold.learn].all()
        assert not set(times["person_id"][fold.learn]) & set(times["person_id"][fold.judge])
    assert (judged == times["judged"]).all()


def test_rows_learned_from_were_closed_and_reported_before_any_row_is_judged():
    days = np.arange(0, 900, 10)
    times = pd.DataFrame({"person_id": "p", "as_of": days, "judged": True, "trained": True})
    folds = list(folds_of(times, BY_TIME))
    assert len(folds) == 3
    for fold in folds:
        assert times["as_of"][fold.learn].max() + 90 + 21 <= times["as_of"][fold.judge].min()
    assert sum(fold.judge.sum() for fold in folds) == 3 * 6  # sixty days of rows, ten days apart, at each origin


def test_the_folds_given_with_the_trial_are_the_ones_computed(reference_data):
    given_folds = pd.read_csv(reference_data / "ctn0027" / "folds.csv", dtype={"who": str})
    assert (given_folds["who"].map(lambda who: fold_of(who, 5)) == given_folds["fold"]).all()
