"""Weights for being observed: they undo a selection the features can see, and are 1 where nobody is missing."""

import numpy as np
import pandas as pd
import pytest

from training.rows import Rows
from training.weights import LARGEST, observing

HORIZON = 90
ROWS = 20_000


def rows(seed=2, *, sick_end_more=0.0, sick_seen_less=0.0):
    """Half are sick and relapse more; the sick may end sooner, or be looked at less. All would relapse at .3."""
    random = np.random.default_rng(seed)
    sick = random.random(ROWS) < 0.5
    relapsed = random.random(ROWS) < np.where(sick, 0.5, 0.1)
    relapse_day = np.where(relapsed, random.integers(1, HORIZON + 1, ROWS), 10_000)
    end_day = random.exponential(1 / np.where(sick & (sick_end_more > 0), sick_end_more, 1e-6))
    looked = random.random(ROWS) > np.where(sick, sick_seen_less, 0.0)
    ended = (end_day < np.minimum(relapse_day, HORIZON)) & looked
    why = np.where(ended, "isolated", np.where(looked, "", "no_contact"))
    times = pd.DataFrame(
        {
            "why": why,
            "relapse": np.where(why == "", relapsed.astype(float), np.nan),
            "seen_days": np.minimum(np.minimum(relapse_day, HORIZON), np.where(ended, end_day, HORIZON)),
        }
    )
    return Rows(times, pd.DataFrame({"sick": sick.astype(float), "noise": random.normal(size=ROWS)}))


def rates(made):
    """The share of relapses among the observed, plain and weighted."""
    observed = made.where(made.times["relapse"].notna().to_numpy())
    return observed.relapse.mean(), np.average(observed.relapse, weights=observing(made).weights(observed))


@pytest.mark.parametrize("selection", [{"sick_end_more": 0.03}, {"sick_seen_less": 0.6}])
def test_weights_bring_back_the_rate_of_all_where_the_sick_are_missing(selection):
    plain, weighted = rates(rows(**selection))
    assert abs(plain - 0.3) > 0.03
    assert weighted == pytest.approx(0.3, abs=0.015)


def test_where_nobody_is_missing_every_weight_is_one():
    made = rows()
    made = made.where((made.times["why"] == "").to_numpy())
    assert (observing(made).weights(made) == 1).all()


def test_no_weight_is_more_than_ten_times_the_mean():
    made = rows(sick_seen_less=0.999)
    observed = made.where(made.times["relapse"].notna().to_numpy())
    assert observing(made).weights(observed).max() <= LARGEST


def test_immature_rows_teach_nothing():
    made = rows(sick_seen_less=0.5)
    late = rows(seed=3)
    late.times["why"], late.times["relapse"] = "immature", np.nan
    both = Rows(pd.concat([made.times, late.times]), pd.concat([made.table, late.table]))
    observed = made.where(made.times["relapse"].notna().to_numpy())
    assert (observing(both).weights(observed) == observing(made).weights(observed)).all()
