"""A fitted model: its parts, what it holds to, and that it learns from nothing but the rows it is given."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.relapse import FeatureChoice, chosen
from models.relapse import Growth
from training.calibrations import WAYS
from training.config import Fit, RelapseConfig
from training.fitting import fit
from training.rows import Rows

CONFIG = RelapseConfig(
    "relapse-test",
    features=FeatureChoice(lookbacks_days=(30, 90), programme_only=True, contacts=()),
    growth=Growth(rounds=80, learning_rate=0.1, num_leaves=4, min_data_in_leaf=20, seeds=2),
    fit=Fit(calibration_folds=2, linear_shares=(0.0, 0.5), linear_strength=0.01),
)
PERSONS, EACH = 150, 6


def invented(seed=2):
    """Every column adds a little to the risk, positive tests most."""
    random = np.random.default_rng(seed)
    n = PERSONS * EACH
    names = [feature.name for feature in chosen(CONFIG.features)]
    table = pd.DataFrame(random.integers(0, 4, (n, len(names))).astype(float), columns=names)
    little = (table - 1.5) @ (0.3 * np.random.default_rng(1).normal(size=len(names)))
    odds = 0.9 * table["positive_tests_30d"] - 1.5 + little
    relapse = (random.random(n) < 1 / (1 + np.exp(-odds))).to_numpy(dtype=float)
    why = np.where(random.random(n) < 0.1, "no_contact", "")
    times = pd.DataFrame(
        {
            "person_id": np.repeat([f"p{number}" for number in range(PERSONS)], EACH),
            "relapse": np.where(why == "", relapse, np.nan),
            "why": why,
            "seen_days": 90.0,
        }
    )
    return Rows(times, table)


@pytest.fixture(scope="module")
def fitted():
    return fit(invented(), CONFIG, refits=8)


@pytest.mark.parametrize("method", list(WAYS))
def test_another_calibration_is_an_entry_of_its_own_and_the_sum_stays_exact(fitted, method):
    asked = replace(CONFIG, fit=replace(CONFIG.fit, calibration=method))
    model, table = fit(invented(), asked).model, invented().table
    assert (fitted.model.curve, model.curve.method) == (None, method)
    assert model.booster.model_to_string() == fitted.model.booster.model_to_string()
    parts, by_line = model.contributions(table), fitted.model.contributions(table)
    assert (parts.by_feature == by_line.by_feature).all()
    assert by_line.calibration is None
    assert parts.calibration == pytest.approx(model.log_odds(table) - by_line.total, abs=1e-12)
    assert np.ptp(parts.calibration) > 0.05
    whole = parts.base + parts.by_feature.sum(axis=1) + parts.calibration
    assert whole == pytest.approx(model.log_odds(table), abs=1e-9)


def test_reasons_of_trees_and_line_together_add_up(fitted):
    model = replace(fitted.model)
    parts = model.contributions(invented().table)
    assert parts.base + parts.by_feature.sum(axis=1) == pytest.approx(model.log_odds(invented().table), abs=1e-9)


def test_the_share_of_the_line_is_the_one_allowed_that_does_best_on_persons_not_seen(fitted):
    assert fitted.model.linear_share == 0.5
    bent = invented()
    # no line tells of the first part
    there = bent.table["positive_tests_30d"].isin([0, 3]) ^ (np.arange(PERSONS * EACH) % 5 == 0)
    bent.times["relapse"] = np.where(bent.times["why"] == "", there, np.nan)
    trees = fit(bent, replace(CONFIG, fit=replace(CONFIG.fit, monotone=False))).model
    assert (trees.linear, trees.linear_share) == (None, 0.0)


def test_more_positive_tests_never_lower_the_risk_whatever_the_rows_say(fitted):
    table = invented().table
    opposite = invented()
    opposite.times["relapse"] = 1 - opposite.times["relapse"]
    held = fit(opposite, CONFIG).model
    for model in (fitted.model, held):
        more = table.assign(positive_tests_30d=table["positive_tests_30d"] + 1)
        assert (model.log_odds(more) - model.log_odds(table) >= -1e-9).all()


def test_the_same_rows_give_the_same_model(fitted):
    again = fit(invented(), CONFIG, refits=8).model
    assert again.booster.model_to_string() == fitted.model.booster.model_to_string()
    assert again.spread.booster.model_to_string() == fitted.model.spread.booster.model_to_string()
    assert (again.linear, again.calibration) == (fitted.model.linear, fitted.model.calibration)


def test_the_interval_comes_with_refits_alone(fitted):
    assert fitted.model.spread is not None
    assert fit(invented(), CONFIG).model.spread is None


def test_the_trees_of_all_seeds_are_in_one_booster(fitted):
    assert fitted.model.booster.num_trees() % 2 == 0
    assert fitted.model.booster.num_trees() <= 2 * 80


def test_the_ways_of_calibration_are_compared(fitted):
    assert set(fitted.calibrations()) == {"none", "platt", "beta", "isotonic", "venn_abers"}


def test_rounds_stop_where_more_only_learn_noise():
    noise = invented()
    observed = noise.times["relapse"].notna()
    noise.times.loc[observed, "relapse"] = (np.arange(observed.sum()) * 7 % 10 < 3).astype(float)
    stopped, through = (
        fit(noise, replace(CONFIG, fit=replace(CONFIG.fit, stop_early=early))).model for early in (True, False)
    )
    assert stopped.booster.num_trees() < through.booster.num_trees() == 2 * 80
